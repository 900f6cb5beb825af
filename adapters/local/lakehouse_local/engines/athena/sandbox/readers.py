"""A table's files as a view of DuckDB, read as the table's serde reads them.

Text (LazySimpleSerDe): quotes are data, missing fields are NULL, an empty line is a row (but right after a header),
what is no number is NULL. OpenCSVSerde: see ``opencsv``; an empty field is the empty string, what is no number is an
error. Parquet: by name; a column that no file has is NULL.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from lakehouse_local.engines.athena.hive_types import HiveType, parse
from lakehouse_local.engines.athena.sandbox import opencsv
from lakehouse_local.engines.athena.sandbox.sql import literal, quoted

Source = Mapping[str, Any]

_LINE_END = "\x1e\x1d\x1c\x1f"
"""A separator that no line holds: lines are read whole and split here."""
_MAX_LINE_BYTES = 16 * 2**20
_SEPARATORS = ("\x01", "\x02", "\x03", "\x04", "\x05", "\x06", "\x07", "\x08")
_NUMBERS = {"tinyint", "smallint", "int", "integer", "bigint", "float", "real", "double", "decimal"}
_WHOLE = {"tinyint", "smallint", "int", "integer", "bigint"}


class Mismatch(Exception):
    """A file's column has a type that is not the table's."""


def define(connection: duckdb.DuckDBPyConnection, folder: str, source: Source) -> None:
    """Create the view ``<schema>.<name>`` over the source's files in that folder."""
    columns = [(name, parse(kind)) for name, kind in source["columns"]]
    keys = [(name, parse(kind)) for name, kind in source["keys"]]
    if source["files"]:
        if source["reader"] == "parquet":
            source = {**source, "union_by_name": not _alike(connection, folder, source)}
        body = _READERS[source["reader"]](connection, folder, source, columns)
        body += f", {', '.join(quoted(name) for name, _ in keys)}" if keys else ""
        if source["uris"]:
            body += f', {_uris(folder, source)}[filename] as "$path"'
        body = f"select {body} from {_scan(folder, source, keys)}"  # noqa: S608
    else:
        nothing = [f"cast(null as {kind.duckdb}) as {quoted(name)}" for name, kind in columns + keys]
        nothing += ['cast(null as varchar) as "$path"'] if source["uris"] is not None else []
        body = f"select {', '.join(nothing)} where false"
    connection.execute(f"create view {quoted(source['schema'])}.{quoted(source['name'])} as {body}")


def _alike(connection: duckdb.DuckDBPyConnection, folder: str, source: Source) -> bool:
    """Whether all Parquet files have one schema: DuckDB then opens only those whose partition a query asks for."""
    if len(source["files"]) == 1:
        return True
    schemas = f"""
        select count(distinct described) from (
            select list(row(columns(* exclude file_name))::varchar order by column_id) as described
            from parquet_schema([{_listed(folder, source)}]) group by file_name
        )
    """  # noqa: S608
    return bool(connection.execute(schemas).fetchall()[0][0] == 1)


def _listed(folder: str, source: Source) -> str:
    return ", ".join(literal(f"{folder}/{name}") for name in source["files"])


def _uris(folder: str, source: Source) -> str:
    pairs = [f"{literal(f'{folder}/{name}')}: {literal(uri)}" for name, uri in source["uris"].items()]
    return f"map {{{', '.join(pairs)}}}"


def _scan(folder: str, source: Source, keys: Sequence[tuple[str, HiveType]]) -> str:
    """The table function's call."""
    files = _listed(folder, source)
    common = ["filename = true"] if source["uris"] else []
    if keys:
        types = ", ".join(f"{quoted(name)}: {kind.duckdb}" for name, kind in keys)
        common += ["hive_partitioning = true", f"hive_types = {{{types}}}"]
    else:
        common += ["hive_partitioning = false"]
    serde = source["serde"]
    skip = int(serde.get("skip.header.line.count", "0") or 0)
    header = ["header = true", f"skip = {skip - 1}"] if skip else ["header = false"]
    text = ["auto_detect = false", "strict_mode = false", f"max_line_size = {_MAX_LINE_BYTES}"]
    # DuckDB would take sixteen times the longest line for each file that it has open.
    text.append(f"buffer_size = {2 * _MAX_LINE_BYTES}")
    if source["reader"] == "parquet":
        common.append(f"union_by_name = {source['union_by_name']}")
        return f"read_parquet([{files}], {', '.join(common)})"
    if source["reader"] == "json":
        options = ["columns = {l: 'JSON'}", "format = 'newline_delimited'", "records = false", *common]
        return f"read_json([{files}], {', '.join(options)})"
    options = ["columns = {l: 'VARCHAR'}", f"delim = {literal(_LINE_END)}", "quote = ''", "escape = ''"]
    lines = f"read_csv([{files}], {', '.join([*options, *header, *text, *common])})"
    if source["reader"] == "lazy":
        return lines
    fields = opencsv.expression("nullif(l, '')", serde)
    return f"(select * replace ({fields} as l) from {lines})"  # noqa: S608


Columns = Sequence[tuple[str, HiveType]]


def _parquet(connection: duckdb.DuckDBPyConnection, folder: str, source: Source, columns: Columns) -> str:
    options = f"union_by_name = {source['union_by_name']}, hive_partitioning = false"
    described = connection.execute(
        f"describe select * from read_parquet([{_listed(folder, source)}], {options})"  # noqa: S608
    ).fetchall()
    stored = {str(name).lower(): str(kind) for name, kind, *_ in described}
    selected = []
    for name, kind in columns:
        if name not in stored:
            selected.append(f"cast(null as {kind.duckdb}) as {quoted(name)}")
            continue
        found = stored[name]
        text = kind.name in {"string", "varchar", "char"}
        if text != (found in {"VARCHAR", "BLOB", "JSON", "UUID"} or found.startswith("ENUM")) and kind.name != "binary":
            raise Mismatch(
                f"HIVE_BAD_DATA: Field {name}'s type {found} in parquet file is incompatible with type {kind.trino} "
                "defined in table schema"
            )
        plain = quoted(name)
        if text and found == "BLOB":
            plain = f"decode({plain})"
        if kind.name == "timestamp" and found == "TIMESTAMP WITH TIME ZONE":
            plain = f"timezone('UTC', {plain})"
        selected.append(f"cast({plain} as {kind.duckdb}) as {quoted(name)}")
    return ", ".join(selected)


def _lazy(connection: duckdb.DuckDBPyConnection, folder: str, source: Source, columns: Columns) -> str:
    del connection, folder
    serde = source["serde"]
    separator = serde.get("field.delim") or serde.get("serialization.format") or "\x01"
    if separator.isdigit():  # Hive writes the character's number where it is the default
        separator = chr(int(separator))
    separators = (
        separator,
        serde.get("collection.delim") or serde.get("colelction.delim") or "\x02",
        serde.get("mapkey.delim") or "\x03",
        *_SEPARATORS[3:],
    )
    null = serde.get("serialization.null.format", "\\N")
    escape = serde.get("escape.delim", "")
    line = "coalesce(l, '')"
    if escape:
        line = f"replace(replace({line}, {literal(escape * 2)}, chr(57344)), {literal(escape + separator)}, chr(57345))"
    fields = f"string_split({line}, {literal(separator)})"
    selected = []
    for number, (name, kind) in enumerate(columns, 1):
        value = f"{fields}[{number}]"
        if escape:
            value = f"replace(replace({value}, chr(57345), {literal(separator)}), chr(57344), {literal(escape)})"
        value = f"nullif({value}, {literal(null)})"
        selected.append(f"{_lazy_value(value, kind, separators[1:], null)} as {quoted(name)}")
    return ", ".join(selected)


def _lazy_value(  # noqa: PLR0911 - one branch for each kind of type
    value: str, kind: HiveType, separators: Sequence[str], null: str
) -> str:
    """A field's text as a value; NULL where it is none."""
    if kind.name == "array":
        item = f"nullif(x{len(separators)}, {literal(null)})"
        element = _lazy_value(item, kind.children[0], separators[1:], null)
        return f"list_transform(string_split({value}, {literal(separators[0])}), lambda x{len(separators)}: {element})"
    if kind.name == "map":
        entry, mark = f"x{len(separators)}", literal(separators[1])
        first = _lazy_value(f"split_part({entry}, {mark}, 1)", kind.children[0], separators[2:], null)
        second = _lazy_value(
            f"nullif(split_part({entry}, {mark}, 2), {literal(null)})", kind.children[1], separators[2:], null
        )
        entries = f"string_split({value}, {literal(separators[0])})"
        return f"map(list_transform({entries}, lambda {entry}: {first}), list_transform({entries}, lambda {entry}: {second}))"
    if kind.name == "struct":
        parts = [
            f"{quoted(field)}: "
            + _lazy_value(
                f"nullif(string_split({value}, {literal(separators[0])})[{number}], {literal(null)})",
                child,
                separators[1:],
                null,
            )
            for number, (field, child) in enumerate(zip(kind.fields, kind.children, strict=True), 1)
        ]
        return f"case when {value} is not null then {{{', '.join(parts)}}} end"
    if kind.name in {"string", "varchar", "char"}:
        return f"left({value}, {kind.arguments[0]})" if kind.arguments else value
    if kind.name == "binary":
        return f"try(from_base64({value}))"
    if kind.name == "boolean":
        return f"case lower({value}) when 'true' then true when 'false' then false end"
    if kind.name in _WHOLE:
        return f"case when regexp_full_match({value}, '[+-]?[0-9]+') then try_cast({value} as {kind.duckdb}) end"
    if kind.name in _NUMBERS:
        return f"case when regexp_full_match({value}, '[^_ ]+') then try_cast({value} as {kind.duckdb}) end"
    return f"try_cast({value} as {kind.duckdb})"


def _opencsv(connection: duckdb.DuckDBPyConnection, folder: str, source: Source, columns: Columns) -> str:
    del connection, folder, source
    selected = []
    for number, (name, kind) in enumerate(columns, 1):
        value = f"l[{number}]"
        if kind.name == "date":
            value = f"date '1970-01-01' + cast({value} as integer)"
        elif kind.name == "timestamp":
            value = f"make_timestamp_ms(cast({value} as bigint))"
        elif kind.name not in {"string", "varchar", "char"}:
            value = f"cast({value} as {kind.duckdb})"
        selected.append(f"{value} as {quoted(name)}")
    return ", ".join(selected)


def _json(connection: duckdb.DuckDBPyConnection, folder: str, source: Source, columns: Columns) -> str:
    del connection, folder
    paths = {
        key.removeprefix("mapping."): value for key, value in source["serde"].items() if key.startswith("mapping.")
    }
    selected = []
    for name, kind in columns:
        value = f"json_extract(l, {literal('$.' + quoted(paths.get(name, name)))})"
        if kind.name in {"string", "varchar", "char"}:
            # A nested value in a text column is its JSON; the JSON null is NULL.
            value = f"case json_type({value}) when 'NULL' then null when 'VARCHAR' then {value} ->> '$' else cast({value} as varchar) end"
        elif kind.name in {"array", "map", "struct"}:
            value = f"from_json({value}, {literal(_shape(kind))})"
        else:
            value = f"cast({value} ->> '$' as {kind.duckdb})"
        selected.append(f"{value} as {quoted(name)}")
    return ", ".join(selected)


def _shape(kind: HiveType) -> str:
    """A type as DuckDB's ``from_json`` wants it."""
    if kind.name == "array":
        return f"[{_shape(kind.children[0])}]"
    if kind.name == "struct":
        pairs = zip(kind.fields, kind.children, strict=True)
        return "{" + ", ".join(f'"{field}": {_shape(child)}' for field, child in pairs) + "}"
    return f'"{kind.duckdb}"'


_READERS = {"parquet": _parquet, "lazy": _lazy, "opencsv": _opencsv, "json": _json}
