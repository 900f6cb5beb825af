"""The seam between what is captured and how it is written: a wire turns changes and load rows into objects.

The engine, the manifests, the acknowledgement and the order of changes are the same for every wire.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from psycopg2.sql import SQL, Composable, Composed, Identifier, Literal

from lakehouse_local.capture.pgoutput import Begin, Row, Value
from lakehouse_local.capture.source import SourceTable


@dataclass(frozen=True)
class Shape:
    """A table as its rows are written: columns in order, their base types, the primary key.

    ``key_at`` says where the key's columns are; ``full_name`` is ``schema.table``, as manifests have it.
    """

    schema: str
    table: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    key: tuple[str, ...]
    key_at: tuple[int, ...] = field(init=False, compare=False, repr=False)
    full_name: str = field(init=False, compare=False, repr=False)
    _hash: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key_at", tuple(self.columns.index(column) for column in self.key))
        object.__setattr__(self, "full_name", f"{self.schema}.{self.table}")
        object.__setattr__(self, "_hash", hash((self.schema, self.table, self.columns, self.types, self.key)))

    def __hash__(self) -> int:
        """Computed once: every change is counted by its shape."""
        return self._hash


class Change(NamedTuple):
    """One change of one row (or, op T, of a whole table) with its place in the order of all changes.

    ``new`` is the row after it; of a deleted row only the key. ``old_key`` is set if an update changed the key.
    ``lsn`` is where its own WAL record starts, ``last_commit`` the end of the commit before its transaction (0: none
    was seen), ``counter`` its number in the epoch, ``sequence`` its number in the transaction and ``in_table`` its
    number among those of its table there, both from 0.
    """

    op: str
    new: Row
    old_key: tuple[Value, ...] | None
    begin: Begin
    lsn: int
    last_commit: int
    counter: int
    sequence: int
    in_table: int


@dataclass(frozen=True)
class Part:
    """A range of a table's pages, which becomes one file; ``until_page`` None is the open end."""

    table: SourceTable
    number: int
    from_page: int
    until_page: int | None

    def where(self) -> Composed:
        """The SQL condition that holds for its rows."""
        if not self.from_page and self.until_page is None:
            return SQL("true").format()
        condition = SQL("ctid >= {}::tid").format(tid(self.from_page))
        if self.until_page is not None:
            condition += SQL(" AND ctid < {}::tid").format(tid(self.until_page))
        return condition


def tid(page: int) -> Composable:
    """Where a page begins."""
    return Literal(f"({page},0)")


@dataclass(frozen=True)
class Snapshot:
    """The state as of a consistent point: all commits with LSN < ``consistent_point`` and no other."""

    name: str
    consistent_point: int
    clock: datetime


class Encoder(Protocol):
    """Writes the changes of one table."""

    def encode(self, change: Change) -> bytes:
        """The change's lines; the transaction's business time is left open (see :meth:`Wire.stamped`)."""
        ...

    def header(self) -> bytes:
        """What a file of this table begins with."""
        ...


class Wire(Protocol):
    """A format of bronze files: frozen settings, and how they name and fill objects.

    Equal changes give equal bytes, on every machine and at every time.
    """

    @property
    def name(self) -> str:
        """Its name in manifests and on the command line."""
        ...

    @property
    def layout(self) -> str:
        """Which tables share a file, for readers."""
        ...

    @property
    def batch_seconds(self) -> float:
        """How long changes may wait for their manifest."""
        ...

    @property
    def batch_bytes(self) -> int:
        """How large a file of changes may become, uncompressed."""
        ...

    @property
    def load_bytes(self) -> int:
        """How much of a table goes into one file of a full load, in bytes of the table."""
        ...

    @property
    def key_change_numbers(self) -> int:
        """How many numbers of its transaction a key change takes."""
        ...

    def encoder(self, shape: Shape) -> Encoder:
        """The writer of a table's changes."""
        ...

    def group(self, shape: Shape) -> Shape | None:
        """Whose file a table's changes go to; None if all tables share one."""
        ...

    def stamped(self, rows: bytes, time: datetime) -> bytes:
        """Encoded changes with the business time of their transaction."""
        ...

    def changes_key(self, table: tuple[str, str] | None, at: datetime) -> str:
        """The object key of a file of changes of a (schema, table), or of all (None)."""
        ...

    def load_key(self, schema: str, table: str, number: int) -> str:
        """The object key of a load file."""
        ...

    def load_number(self, key: str) -> int:
        """The number in a load file's key."""
        ...

    def copy_sql(self, part: Part, snapshot: Snapshot, tables: Sequence[SourceTable]) -> Composed:
        """``COPY`` of a part to stdout, in the wire's own bytes; ``tables`` are all that the load takes, in order."""
        ...


def quoted_name(column: str) -> str:
    """A column as an SQL identifier."""
    return '"' + column.replace('"', '""') + '"'


def raw_sql(text: str) -> Composed:
    """SQL that was put together as text."""
    return SQL(text.replace("{", "{{").replace("}", "}}")).format()


def from_part(selected: Sequence[Composable], part: Part) -> Composed:
    """SELECT of a part's rows, without those of tables that inherit from it."""
    return SQL("SELECT {} FROM ONLY {} WHERE {}").format(SQL(", ").join(selected), part.table.sql_name, part.where())


def named(expression: Composable, name: str) -> Composed:
    """An expression under a name."""
    return SQL("{} AS {}").format(expression, Identifier(name))
