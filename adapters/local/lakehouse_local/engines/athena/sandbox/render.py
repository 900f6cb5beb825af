"""Values as Athena's result files write them, formatted by DuckDB in SQL: no row is ever touched in Python."""

from collections.abc import Sequence
from typing import Any

from duckdb.sqltypes import DuckDBPyType

from lakehouse_local.engines.athena.sandbox.readers import quoted

# DuckDB's type id: Athena's name, precision, scale.
_PLAIN = {
    "boolean": ("boolean", 0, 0),
    "tinyint": ("tinyint", 3, 0),
    "smallint": ("smallint", 5, 0),
    "integer": ("integer", 10, 0),
    "bigint": ("bigint", 19, 0),
    "hugeint": ("bigint", 19, 0),
    "utinyint": ("bigint", 19, 0),
    "usmallint": ("bigint", 19, 0),
    "uinteger": ("bigint", 19, 0),
    "ubigint": ("bigint", 19, 0),
    "float": ("float", 17, 0),
    "double": ("double", 17, 0),
    "varchar": ("varchar", 2147483647, 0),
    "uuid": ("uuid", 0, 0),
    "blob": ("varbinary", 1073741824, 0),
    "date": ("date", 0, 0),
    "timestamp": ("timestamp", 3, 0),
    "timestamp_s": ("timestamp", 3, 0),
    "timestamp_ms": ("timestamp", 3, 0),
    "timestamp_ns": ("timestamp", 3, 0),
    "timestamp with time zone": ("timestamp with time zone", 3, 0),
    "time": ("time", 3, 0),
    "interval": ("interval day to second", 0, 0),
    "list": ("array", 0, 0),
    "array": ("array", 0, 0),
    "map": ("map", 0, 0),
    "struct": ("row", 0, 0),
    "json": ("json", 0, 0),
    "null": ("unknown", 0, 0),
}
_WIDE = {"hugeint", "utinyint", "usmallint", "uinteger", "ubigint"}


def _id(kind: DuckDBPyType) -> str:
    text = str(kind)
    if text in {"JSON", "NULL", '"NULL"'}:
        return text.strip('"').lower()
    return "json" if kind.id == "json" else kind.id


def described(kind: DuckDBPyType) -> dict[str, Any]:
    """Athena's name, precision and scale of a type; DuckDB's own text beside it."""
    name = _id(kind)
    if name == "decimal":
        numbers = dict(kind.children)
        return {"type": "decimal", "precision": numbers["precision"], "scale": numbers["scale"], "duckdb": str(kind)}
    found, precision, scale = _PLAIN.get(name, (name, 0, 0))
    return {"type": found, "precision": precision, "scale": scale, "duckdb": str(kind)}


def text(value: str, kind: DuckDBPyType, depth: int = 0) -> str:
    """SQL that gives a value's text; NULL for NULL."""
    name = _id(kind)
    if name == "varchar" or name == "json":
        return value
    if name in {"double", "float"}:
        # A float's digits are its own, those of a wider number would be noise.
        return f"trino_double_text(cast({value} as varchar), {value} = 0 or abs({value}) between 1e-3 and 9999999.999999999)"
    if name == "blob":
        return f"rtrim(regexp_replace(lower(hex({value})), '(..)', '\\1 ', 'g'))"
    if name.startswith("timestamp"):
        zone = " || ' UTC'" if "zone" in name else ""
        plain = f"timezone('UTC', {value})" if zone else value
        return f"strftime(cast({plain} as timestamp), '%Y-%m-%d %H:%M:%S.%g'){zone}"
    if name == "time":
        return f"strftime(date '1970-01-01' + {value}, '%H:%M:%S.%g')"
    if name in {"list", "array"}:
        return _joined(value, dict(kind.children)["child"], depth, "[", "]")
    if name == "map":
        parts = dict(kind.children)
        entry = f"e{depth}"
        one = f"{_inner(f'{entry}.key', parts['key'], depth + 1)} || '=' || {_inner(f'{entry}.value', parts['value'], depth + 1)}"
        return f"'{{' || array_to_string(list_transform(map_entries({value}), lambda {entry}: {one}), ', ') || '}}'"
    if name == "struct":
        fields = [
            f"'{field}=' || {_inner(f'struct_extract({value}, {quoted_text(field)})', child, depth)}"
            for field, child in kind.children
        ]
        joined = " || ', ' || ".join(fields)
        return f"case when {value} is not null then '{{' || {joined} || '}}' end"
    return f"cast({value} as varchar)"


def quoted_text(field: str) -> str:
    """A struct's field as the string that ``struct_extract`` takes."""
    return "'" + field.replace("'", "''") + "'"


def _joined(value: str, child: DuckDBPyType, depth: int, start: str, end: str) -> str:
    item = f"e{depth}"
    return (
        f"'{start}' || array_to_string(list_transform({value}, lambda {item}: {_inner(item, child, depth + 1)}), ', ') || '{end}'"
    )


def _inner(value: str, kind: DuckDBPyType, depth: int) -> str:
    return f"coalesce({text(value, kind, depth)}, 'null')"


def selection(sql: str, types: Sequence[DuckDBPyType], names: Sequence[str], kind_of_file: str) -> str:
    """The query around the query: each column as text, or in the types that a written file may have."""
    columns = []
    for number, kind in enumerate(types):
        value = f"c{number}"
        if kind_of_file == "text":
            columns.append(f"{text(value, kind)} as {quoted(names[number])}")
        else:
            wide = f"cast({value} as bigint)" if _id(kind) in _WIDE else value
            columns.append(f"{wide} as {quoted(names[number])}")
    listed = ", ".join(f"c{number}" for number in range(len(types)))
    return f"select {', '.join(columns)} from ({sql}) as q({listed})"  # noqa: S608
