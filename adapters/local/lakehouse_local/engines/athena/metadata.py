"""Tables that the catalog itself answers: ``information_schema``, and ``"<table>$partitions"``.

Columns as Trino's ``information_schema`` has them; Athena's user guide, "Query the AWS Glue Data Catalog", uses
``schemata``, ``tables``, ``views`` and ``columns``, and "List partitions for a specific table" the other.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lakehouse_local.engines.athena.hive_types import HiveType
from lakehouse_local.engines.athena.model import Catalog, Column, Table
from lakehouse_local.engines.athena.sandbox.sql import literal, quoted

SCHEMA = "information_schema"
CATALOG = "awsdatacatalog"
PARTITIONS = "$partitions"

Row = Sequence[str | int | None]


@dataclass(frozen=True)
class Answer:
    """Rows that the catalog has, as DuckDB's SQL, and their columns."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def sql(self) -> str:
        """A SELECT of the rows."""
        typed = ", ".join(
            f"cast({quoted(column.name)} as {column.type.duckdb}) as {quoted(column.name)}" for column in self.columns
        )
        names = ", ".join(quoted(column.name) for column in self.columns)
        rows = self.rows or (tuple(None for _ in self.columns),)
        values = ", ".join("(" + ", ".join(map(_value, row)) + ")" for row in rows)
        condition = "" if self.rows else " where false"
        return f"select {typed} from (values {values}) as v({names}){condition}"  # noqa: S608


def information_schema(catalog: Catalog, name: str, definition: Callable[[Table], str]) -> Answer | None:
    """A table of ``information_schema``, None if there is none of that name; ``definition`` gives a view's own SELECT."""
    if name == "schemata":
        return _texts(("catalog_name", "schema_name"), ((CATALOG, each) for each in (*catalog.databases(), SCHEMA)))
    tables = [table for database in catalog.databases() for table in catalog.tables(database)]
    if name == "tables":
        kinds = ((*_of(table), "BASE TABLE" if table.view is None else "VIEW") for table in tables)
        return _texts((*_TABLE, "table_type"), kinds)
    if name == "views":
        views = ((*_of(table), definition(table)) for table in tables if table.view is not None)
        return _texts((*_TABLE, "view_definition"), views)
    if name == "columns":
        rows = tuple(
            (*_of(table), column.name, number, None, "YES", column.type.trino)
            for table in tables
            for number, column in enumerate(table.all_columns, 1)
        )
        number = Column("ordinal_position", HiveType("bigint"))
        return Answer((*map(_text, (*_TABLE, "column_name")), number, *map(_text, _COLUMN_ENDS)), rows)
    return None


def partitions(catalog: Catalog, table: Table) -> Answer:
    """A table's partitions: one row for each, a column for each key."""
    return Answer(table.partition_keys, tuple(each.values for each in catalog.partitions(table)))


_TABLE = ("table_catalog", "table_schema", "table_name")
_COLUMN_ENDS = ("column_default", "is_nullable", "data_type")


def _of(table: Table) -> tuple[str, str, str]:
    return CATALOG, table.database, table.name


def _text(name: str) -> Column:
    return Column(name, HiveType("string"))


def _texts(names: Sequence[str], rows: Iterable[Row]) -> Answer:
    return Answer(tuple(map(_text, names)), tuple(rows))


def _value(value: str | int | None) -> str:
    if value is None:
        return "null"
    return str(value) if isinstance(value, int) else literal(value)
