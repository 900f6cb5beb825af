"""What one object is: its format, its columns, and how many rows its sample has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from lakehouse_local.engines.crawler.model import NOTHING, Column, Format
from lakehouse_local.engines.crawler.objects import Object

_NUMBERS = ("int", "bigint", "double")
COLUMNS = "paths"
"""The serde parameter that names a JSON table's columns."""


@dataclass(frozen=True)
class Schema:
    """An object as a classifier understood it.

    ``rows`` and ``bytes`` are of the sample (``bytes`` of decompressed content), ``fraction`` is the part of the
    object that the sample covers; ``parameters`` are table parameters of the format's own.
    """

    object: Object
    format: Format
    compression: str
    columns: tuple[Column, ...]
    rows: int
    bytes: int
    fraction: float
    parameters: Mapping[str, str] = field(default_factory=lambda: NOTHING)


def similarity(left: Schema, right: Schema) -> float:
    """The share of columns (by name and type) that two schemas have in common."""
    one, other = set(left.columns), set(right.columns)
    return len(one & other) / max(len(one), len(other), 1)


def compatible(left: Schema, right: Schema) -> bool:
    """Whether one table could read both: the same serde with the same parameters, and the same compression."""
    return _reader(left.format) == _reader(right.format) and left.compression == right.compression


def with_columns(found: Format, columns: Iterable[Column]) -> Format:
    """The format for a table's columns: JSON's serde parameters name them."""
    if COLUMNS not in found.serde_parameters:
        return found
    named = {COLUMNS: ",".join(column.name for column in columns)}
    return replace(found, serde_parameters={**found.serde_parameters, **named})


def _reader(found: Format) -> Format:
    """The format without what follows from an object's columns."""
    return with_columns(found, ())


def merged(schemas: Iterable[Schema]) -> tuple[Column, ...]:
    """The columns of all, in order of appearance, each of a type that holds every one's values."""
    types: dict[str, str] = {}
    for schema in schemas:
        for column in schema.columns:
            types[column.name] = wider(types[column.name], column.type) if column.name in types else column.type
    return tuple(Column(name, kind) for name, kind in types.items())


def wider(left: str, right: str) -> str:
    """A type that holds the values of both.

    >>> wider("bigint", "double"), wider("boolean", "bigint"), wider("", "bigint")
    ('double', 'string', 'bigint')
    """
    if left == right or not right:
        return left
    if not left:
        return right
    if left in _NUMBERS and right in _NUMBERS:
        return max(left, right, key=_NUMBERS.index)
    return "string"
