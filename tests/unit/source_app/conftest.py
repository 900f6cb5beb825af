"""Django is loaded with the application's settings; nothing here needs a database."""

import gzip
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from source_app import database

database.setup()

Rows = Mapping[str, Sequence[Mapping[str, str | None]]]


def quiet(what: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Generates the small seed of a number once; gives its folder."""
    from source_app.generate.cache import seed_files  # noqa: PLC0415 - needs Django's settings

    cache = tmp_path_factory.mktemp("seeds")
    return lambda seed: seed_files(cache, "small", seed, quiet).folder


@pytest.fixture(scope="session")
def rows_of(seeds: Callable[[int], Path]) -> Callable[[int], Rows]:
    """The rows of a small seed by table, cells as text, NULL as None."""
    from source_app.generate.cache import seed_files  # noqa: PLC0415 - needs Django's settings

    def cell(text: str) -> str | None:
        return None if text == r"\N" else text.replace(r"\\", "\\")

    def read(seed: int) -> Rows:
        files = seed_files(seeds(seed).parent, "small", seed, quiet)
        return {
            table: [
                dict(zip(names, map(cell, line.split("\t")), strict=True))
                for line in gzip.decompress(files.copy_file(table).read_bytes()).decode().splitlines()
            ]
            for table, names in files.columns.items()
        }

    return read
