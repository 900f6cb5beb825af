"""Values as Athena's result files write them, formatted by DuckDB in SQL: no row is ever touched in Python."""

from collections.abc import Mapping, Sequence
from typing import Any

from duckdb.sqltypes import DuckDBPyType

from lakehouse_local.engines.athena.sandbox.readers import Mismatch
from lakehouse_local.engines.athena.sandbox.sql import literal, quoted

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
    return kind.id


def _parts(kind: DuckDBPyType) -> dict[str, DuckDBPyType]:
    """The types inside a nested one, by name."""
    return {name: part for name, part in kind.children if isinstance(part, DuckDBPyType)}


def described(kind: DuckDBPyType) -> dict[str, Any]:
    """Athena's name, precision and scale of a type, and Hive's name of it."""
    name = _id(kind)
    if name == "decimal":
        numbers = dict(kind.children)
        return {"type": "decimal", "precision": numbers["precision"], "scale": numbers["scale"], "hive": hive(kind)}
    found, precision, scale = _PLAIN.get(name, (name, 0, 0))
    return {"type": found, "precision": precision, "scale": scale, "hive": hive(kind)}


_HIVE = {
    "integer": "int", "varchar": "string", "blob": "binary", "uuid": "string", "json": "string", "float": "float", "null": "string",
    "time": "string", "timestamp with time zone": "timestamp", "timestamp_s": "timestamp", "timestamp_ms": "timestamp",
    "timestamp_ns": "timestamp",
}  # fmt: skip


def hive(kind: DuckDBPyType) -> str:
    """The type of a catalog's column that holds such values."""
    name = _id(kind)
    if name in _WIDE:
        return "bigint"
    if name == "decimal":
        numbers = dict(kind.children)
        return f"decimal({numbers['precision']},{numbers['scale']})"
    if name in {"list", "array"}:
        return f"array<{hive(_parts(kind)['child'])}>"
    if name == "map":
        parts = _parts(kind)
        return f"map<{hive(parts['key'])},{hive(parts['value'])}>"
    if name == "struct":
        return "struct<" + ",".join(f"{field}:{hive(child)}" for field, child in _parts(kind).items()) + ">"
    return _HIVE.get(name, name)


def text(value: str, kind: DuckDBPyType, depth: int = 0) -> str:  # noqa: C901, PLR0911 - one branch for each kind of type
    """SQL that gives a value's text; NULL for NULL."""
    name = _id(kind)
    if name == "varchar":
        return value
    if name == "json":
        return f"cast(json({value}) as varchar)"
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
        return _joined(value, _parts(kind)["child"], depth, "[", "]")
    if name == "map":
        parts = _parts(kind)
        entry = f"e{depth}"
        one = f"{_inner(f'{entry}.key', parts['key'], depth + 1)} || '=' || {_inner(f'{entry}.value', parts['value'], depth + 1)}"
        return f"'{{' || array_to_string(list_transform(map_entries({value}), lambda {entry}: {one}), ', ') || '}}'"
    if name == "struct":
        fields = [
            f"{literal(field + '=')} || {_inner(f'struct_extract({value}, {literal(field)})', child, depth)}"
            for field, child in _parts(kind).items()
        ]
        joined = " || ', ' || ".join(fields)
        return f"case when {value} is not null then '{{' || {joined} || '}}' end"
    if name == "decimal":  # DuckDB leaves the zero before the point out where the scale is the precision
        return f"regexp_replace(cast({value} as varchar), '^(-?)\\.', '\\10.')"
    return f"cast({value} as varchar)"


def _joined(value: str, child: DuckDBPyType, depth: int, start: str, end: str) -> str:
    item = f"e{depth}"
    return f"'{start}' || array_to_string(list_transform({value}, lambda {item}: {_inner(item, child, depth + 1)}), ', ') || '{end}'"


def _inner(value: str, kind: DuckDBPyType, depth: int) -> str:
    return f"coalesce({text(value, kind, depth)}, 'null')"


def selection(sql: str, types: Sequence[DuckDBPyType], names: Sequence[str], write: Mapping[str, Any]) -> str:
    """The query around the query: each column as ``write["kind"]`` wants it.

    ``text`` is a result file's, ``rows`` keeps values for Parquet and JSON, ``lazy`` is what LazySimpleSerDe reads back.
    ``write["casts"]`` are an INSERT's target columns: name, DuckDB's type, and which column of the query it takes.
    """
    listed = ", ".join(f"c{number}" for number in range(len(types)))
    if casts := write.get("casts"):
        return f"select {_cast_columns(casts, types, write)} from ({sql}) as q({listed})"  # noqa: S608
    columns = [
        f"{_value(f'c{number}', kind, write['kind'])} as {quoted(name)}"
        for number, (name, kind) in enumerate(zip(names, types, strict=True))
    ]
    return f"select {', '.join(columns)} from ({sql}) as q({listed})"  # noqa: S608


def _value(value: str, kind: DuckDBPyType, style: str) -> str:
    name = _id(kind)
    if style == "text":
        return text(value, kind)
    if name in {"time", "uuid", "json", "null"}:
        value = f"cast({value} as varchar)"
    elif name == "timestamp with time zone":
        value = f"timezone('UTC', {value})"
    elif name in _WIDE:
        value = f"cast({value} as bigint)"
    if style == "lazy":
        if name in {"list", "array", "map", "struct"}:
            raise Mismatch(
                "NOT_SUPPORTED: nested columns are not written as text by this endpoint: use PARQUET or JSON"
            )
        return f"to_base64({value})" if name == "blob" else text(value, kind)
    return value


def _cast_columns(
    casts: Sequence[tuple[str, str, int | None]], types: Sequence[DuckDBPyType], write: Mapping[str, Any]
) -> str:
    expected = sum(index is not None for _, _, index in casts)
    if len(types) != expected:
        raise Mismatch(
            f"MISMATCHED_COLUMN_COUNT: Insert query has {len(types)} expression(s) but expected {expected} target column(s)"
        )
    columns = []
    for name, target, index in casts:
        kind = DuckDBPyType(target)
        if index is None:
            value = f"cast(null as {target})"
        else:
            given = _id(types[index])
            if (given == "varchar") is not (target == "VARCHAR") and given != "null":
                found = [described(each)["type"] for each in types]
                raise Mismatch(
                    f"TYPE_MISMATCH: Insert query has mismatched column types: Table: {[c[1].lower() for c in casts]}, Query: {found}"
                )
            value = f"cast(c{index} as {target})"
        columns.append(f"{_value(value, kind, write['kind'])} as {quoted(name)}")
    return ", ".join(columns)
