"""What a query meets: tables as the catalog describes them, the files of their snapshots, and what comes out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from lakehouse_local.engines.athena.hive_types import HiveType

ReaderName = Literal["parquet", "lazy", "opencsv", "json"]


@dataclass(frozen=True)
class Column:
    """A column of a table, in lower case, and its type."""

    name: str
    type: HiveType
    comment: str = ""


@dataclass(frozen=True)
class Partition:
    """One partition that the catalog has: its keys' values in order, and its folder."""

    values: tuple[str, ...]
    location: str


@dataclass(frozen=True)
class Table:
    """A table of the catalog; ``view`` is the SQL of a view, else None."""

    database: str
    name: str
    columns: tuple[Column, ...]
    partition_keys: tuple[Column, ...] = ()
    location: str = ""
    input_format: str = ""
    serde: str = ""
    serde_parameters: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    view: str | None = None

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """The columns as ``*`` gives them: partition keys come last."""
        return self.columns + self.partition_keys


class Catalog(Protocol):
    """What queries need of a Data Catalog. Names are in lower case."""

    def has_database(self, name: str) -> bool:
        """Whether there is such a database."""
        ...

    def databases(self) -> Sequence[str]:
        """The databases' names."""
        ...

    def table(self, database: str, name: str) -> Table | None:
        """The table; None if there is none."""
        ...

    def tables(self, database: str) -> Sequence[Table]:
        """The tables and views of a database that has them."""
        ...

    def partitions(self, table: Table) -> Sequence[Partition]:
        """The partitions that the catalog has of a table."""
        ...


@dataclass(frozen=True)
class SourceFile:
    """One object as a local copy.

    ``name`` is the path that the query sees, relative to its own folder; it carries the values of partition keys.
    """

    name: str
    copy: Path
    uri: str
    size: int


@dataclass(frozen=True)
class Source:
    """A table's snapshot as files, and how they are read."""

    table: Table
    reader: ReaderName
    files: tuple[SourceFile, ...]
    hidden: bool = False
    """Whether the query asks for the hidden column ``$path``."""


@dataclass(frozen=True)
class Heading:
    """One column of a result: Athena's type name, precision and scale."""

    name: str
    type: str
    precision: int
    scale: int


@dataclass(frozen=True)
class Plan:
    """A translated query: DuckDB's SQL, what it reads, and what must be defined before it."""

    sql: str
    sources: tuple[Source, ...]
    views: tuple[tuple[str, str, str], ...]
    """Database, name and DuckDB's SQL of each view, in the order in which they stand on each other."""
    macros: frozenset[str]
    names: tuple[str, ...]
    """The headings that the statement itself gives; empty where only the tables know (``*``)."""


Fetch = Callable[[Source], Any]
