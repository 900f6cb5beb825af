"""Tables that the catalog itself answers: ``information_schema``, and ``"<table>$partitions"``.

Columns as Trino's ``information_schema`` has them; Athena's user guide, "Query the AWS Glue Data Catalog", uses
``schemata``, ``tables``, ``views`` and ``columns``, and "List partitions for a specific table" the other.
"""

from collections.abc import Callable, Mapping, Sequence

from lakehouse_local.engines.athena.model import Catalog, Table
from lakehouse_local.engines.athena.sandbox.readers import literal, quoted

SCHEMA = "information_schema"
CATALOG = "awsdatacatalog"
PARTITIONS = "$partitions"

Row = Sequence[str | int | None]


def information_schema(catalog: Catalog, name: str, definition: Callable[[Table], str]) -> str | None:
    """A table of ``information_schema`` as DuckDB's SQL, None if there is none of that name.

    ``definition`` gives a view's own SELECT.
    """
    if name == "schemata":
        return _relation(("catalog_name", "schema_name"), [(CATALOG, each) for each in (*catalog.databases(), SCHEMA)])
    tables = [table for database in catalog.databases() for table in catalog.tables(database)]
    if name == "tables":
        kinds = [(*_of(table), "BASE TABLE" if table.view is None else "VIEW") for table in tables]
        return _relation((*_TABLE, "table_type"), kinds)
    if name == "views":
        views = [(*_of(table), definition(table)) for table in tables if table.view is not None]
        return _relation((*_TABLE, "view_definition"), views)
    if name == "columns":
        return _relation(
            (*_TABLE, *_COLUMN),
            [
                (*_of(table), column.name, number, None, "YES", column.type.trino)
                for table in tables
                for number, column in enumerate(table.all_columns, 1)
            ],
            {"ordinal_position": "bigint"},
        )
    return None


def partitions(catalog: Catalog, table: Table) -> str:
    """A table's partitions as DuckDB's SQL: one row for each, a column for each key."""
    keys = [key.name for key in table.partition_keys]
    kinds = {key.name: key.type.duckdb for key in table.partition_keys}
    return _relation(keys, [each.values for each in catalog.partitions(table)], kinds)


_TABLE = ("table_catalog", "table_schema", "table_name")
_COLUMN = ("column_name", "ordinal_position", "column_default", "is_nullable", "data_type")


def _of(table: Table) -> tuple[str, str, str]:
    return CATALOG, table.database, table.name


def _relation(names: Sequence[str], rows: Sequence[Row], kinds: Mapping[str, str] | None = None) -> str:
    """Rows as a SELECT; a column is text where ``kinds`` does not say otherwise."""
    typed = ", ".join(
        f"cast({quoted(name)} as {(kinds or {}).get(name, 'varchar')}) as {quoted(name)}" for name in names
    )
    columns = ", ".join(map(quoted, names))
    none = "(" + ", ".join("null" for _ in names) + ")"
    values = ", ".join("(" + ", ".join(map(_value, row)) + ")" for row in rows)
    condition = "" if rows else " where false"
    return f"select {typed} from (values {values or none}) as v({columns}){condition}"  # noqa: S608


def _value(value: str | int | None) -> str:
    if value is None:
        return "null"
    return str(value) if isinstance(value, int) else literal(value)
