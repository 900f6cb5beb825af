"""Columns as the cells of COPY's text format."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from source_app.generate.rhythm import Ints

NULL = r"\N"
Table = Mapping[str, Sequence[str]]
"""Cells by column name, in the table's physical order."""


def ints(values: Ints) -> list[str]:
    """Whole numbers."""
    return [str(value) for value in values.tolist()]


def ints_or_null(values: Ints) -> list[str]:
    """Keys, -1 for none."""
    return [NULL if value == -1 else str(value) for value in values.tolist()]


def money(cents: Ints) -> list[str]:
    """Amounts with two decimals."""
    return [f"{'-' if c < 0 else ''}{abs(c) // 100}.{abs(c) % 100:02d}" for c in cents.tolist()]


def times(micros: Ints) -> list[str]:
    """Instants with their zone."""
    return [f"{text}Z" for text in np.datetime_as_string(micros.view("M8[us]")).tolist()]


def times_or_null(micros: Ints) -> list[str]:
    """Instants, -1 for none."""
    return [NULL if at == -1 else text for at, text in zip(micros.tolist(), times(micros), strict=True)]


def flags(values: Iterable[Any]) -> list[str]:
    """Booleans."""
    return ["t" if value else "f" for value in values]


def texts(values: Iterable[str]) -> list[str]:
    """Text, with what COPY would take for its own marked."""
    return [
        value.replace("\\", r"\\").replace("\t", r"\t").replace("\n", r"\n").replace("\r", r"\r") for value in values
    ]


def lines(table: Table) -> Iterator[str]:
    """The table's rows."""
    return ("\t".join(row) for row in zip(*table.values(), strict=True))
