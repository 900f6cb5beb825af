"""A seed's COPY files on disk, made once per (scale, seed, version)."""

import gzip
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from source_app import history
from source_app.errors import SeedCacheDamaged
from source_app.generate import copytext, dataset
from source_app.generate.defects import RATES, Manifest
from source_app.progress import Progress
from source_app.scales import TABLES, scale_named

MANIFEST = "defects.json"
_CONTENTS = "contents.json"
_LINES_AT_ONCE = 20_000


@dataclass(frozen=True)
class SeedFiles:
    """A folder with one gzip file of COPY text per table, the defects' manifest, and what each table holds."""

    folder: Path
    rows: Mapping[str, int]
    columns: Mapping[str, tuple[str, ...]]

    @property
    def manifest(self) -> Path:
        """The planted defects: JSON, rule id -> rows {table, id, what}."""
        return self.folder / MANIFEST

    def copy_file(self, table: str) -> Path:
        """The table's rows."""
        return self.folder / f"{table}.copy.gz"


def folder_of(cache: Path, scale: str, seed: int) -> Path:
    """Where a seed's files lie."""
    return cache / f"{scale}-{seed}-v{history.VERSION}"


def seed_files(cache: Path, scale: str, seed: int, progress: Progress) -> SeedFiles:
    """The files of a seed, made if they are not there: written beside and renamed, so a folder is whole or absent."""
    folder = folder_of(cache, scale, seed)
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=cache))
        try:
            _write(draft, scale, seed, progress)
            try:
                draft.rename(folder)
            except OSError:
                if not folder.exists():
                    raise  # otherwise somebody else made the same files meanwhile
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    try:
        contents = json.loads((folder / _CONTENTS).read_text())
        columns = {table: tuple(names) for table, names in contents["columns"].items()}
        return SeedFiles(folder, contents["rows"], columns)
    except (OSError, ValueError, KeyError) as broken:
        raise SeedCacheDamaged(f"{folder} is not a whole seed: {broken}", f"remove {folder} and seed again") from broken


def _write(folder: Path, scale: str, seed: int, progress: Progress) -> None:
    folder.chmod(0o755)
    manifest: Manifest = {rule: [] for rule in RATES}
    rows, columns = {}, {}
    made = dataset.tables(scale_named(scale), seed, manifest, progress)
    for number, (table, cells) in enumerate(made, start=1):
        lines = list(copytext.lines(cells))
        rows[table], columns[table] = len(lines), list(cells)
        # No name and no time in the header: the same seed gives the same bytes.
        with (
            (folder / f"{table}.copy.gz").open("wb") as raw,
            gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0) as packed,
        ):
            for start in range(0, len(lines), _LINES_AT_ONCE):
                packed.write(("\n".join(lines[start : start + _LINES_AT_ONCE]) + "\n").encode())
        progress("generated", number, len(TABLES))
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False))
    (folder / _CONTENTS).write_text(json.dumps({"rows": rows, "columns": columns}))
