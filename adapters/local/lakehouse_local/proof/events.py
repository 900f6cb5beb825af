# ruff: noqa: S608 - names and literals in the SQL are quoted by digest.py, and nobody else writes them
"""The Debezium wire for the proof: events as DMS's text, read by Python (changes) and DuckDB (loads), without Spark."""

import csv
import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from os import SEEK_END
from pathlib import Path
from typing import Any

from lakehouse_local.capture import debezium
from lakehouse_local.capture.json_text import UNAVAILABLE, Form, dms_text, form
from lakehouse_local.capture.manifest import FileEntry, Manifest, TableEntry
from lakehouse_local.capture.text import Kind, kind
from lakehouse_local.errors import BronzeFileAltered
from lakehouse_local.proof.digest import literal, quoted
from lakehouse_local.proof.fold import NOT_SENT, Change
from lakehouse_local.proof.source import Published

_NULL = r"\N"
_OPS = {"c": "I", "u": "U", "d": "D", "t": "T"}
_WITH_ROW = ("c", "u")
_LONGEST_LINE = 32 << 20


def changes(manifest: Manifest, entry: FileEntry, path: Path, hint: str) -> Iterator[Change]:
    """The changes of a topic's file, in its order; BronzeFileAltered for what is none of its table's events.

    Of a key change, whose three records stand together, the last one says all.
    """
    name = str(entry.table)
    shape = manifest.tables[name]
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as source:
        for line in source:
            try:
                record = json.loads(line, parse_int=str, parse_float=str)
                headers = {header["key"]: header["value"] for header in record["headers"]}
                event = record["value"]
                if event is None or debezium.NEW_KEY in headers:
                    continue
                change = _change(name, shape, record["key"], headers, event)
            except (ValueError, LookupError, TypeError, AttributeError) as problem:
                raise BronzeFileAltered(f"{entry.key} has a line that is no event of {name}", hint=hint) from problem
            yield change


def _change(name: str, shape: TableEntry, record_key: Any, headers: dict[str, Any], event: dict[str, Any]) -> Change:
    commit_lsn, sequence = headers[debezium.POSITION].split(".")
    op, old = event["op"], headers.get(debezium.OLD_KEY)
    if f"{event['source']['schema']}.{event['source']['table']}" != name:
        raise ValueError(name)
    row = event["after"] if op in _WITH_ROW else dict.fromkeys(shape.columns) | (record_key or {})
    texts = _texts(shape.types)
    return Change(
        table=name,
        commit_lsn=int(commit_lsn, 16),
        sequence=int(sequence, 16),
        counter=int(headers[debezium.NUMBER]),
        op=_OPS[op] if old is None else "U",
        row=tuple(text(row[column]) for column, text in zip(shape.columns, texts, strict=True)),
        old_key=None if old is None else tuple(texts[shape.columns.index(column)](old[column]) for column in shape.key),
        numbers=1 if old is None else debezium.DebeziumWire.key_change_numbers,
    )


@cache
def _texts(types: tuple[str, ...]) -> tuple[Callable[[Any], str], ...]:
    return tuple(_text(pg_type) for pg_type in types)


def _text(pg_type: str) -> Callable[[Any], str]:
    """A JSON value, its numbers still digits, as DMS's text."""
    back = dms_text(pg_type)

    def text(value: Any) -> str:
        if value is None:
            return _NULL
        if value == UNAVAILABLE:
            return NOT_SENT
        return back(("true" if value else "false") if isinstance(value, bool) else value)

    return text


def load_sql(table: Published, paths: Sequence[Path]) -> str:
    """A relation of a load's rows in DuckDB: the table's columns in DMS's text.

    DuckDB prints JSON's floats in its own way, and takes memory by the longest line that it is told to expect: tables
    with floats or very long lines go through Python, into a file beside the first.
    """
    if Form.FLOAT in map(form, table.types) or max(map(_longest_line, paths)) > _LONGEST_LINE:
        return _through_python(table, paths)
    columns = ", ".join(
        f"{_duckdb_text(f'cells[{at}]', pg_type)} as {quoted(name)}"
        for at, (name, pg_type) in enumerate(zip(table.columns, table.types, strict=True), 1)
    )
    # A JSON pointer can name any column.
    pointers = ", ".join(
        literal("/value/after/" + name.replace("~", "~0").replace("/", "~1")) for name in table.columns
    )
    files = ", ".join(literal(str(path)) for path in paths)
    return (
        f"(select {columns} from (select json_extract_string(json, [{pointers}]) as cells from "
        f"read_ndjson_objects([{files}], compression = 'gzip', maximum_object_size = {_LONGEST_LINE})))"
    )


def _longest_line(path: Path) -> int:
    """The length of a file's longest line, or of the whole file where that is little."""
    with path.open("rb") as packed:
        packed.seek(-4, SEEK_END)
        size = int.from_bytes(packed.read(4), "little")  # gzip's trailer
    if size <= _LONGEST_LINE:
        return size
    with gzip.open(path) as lines:
        return max(map(len, lines))


def _through_python(table: Published, paths: Sequence[Path]) -> str:
    path = paths[0].with_suffix(".texts.csv")
    texts = _texts(table.types)
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for each in paths:
            with gzip.open(each, "rt", encoding="utf-8", newline="\n") as source:
                for line in source:
                    row = json.loads(line, parse_int=str, parse_float=str)["value"]["after"]
                    writer.writerow(text(row[name]) for name, text in zip(table.columns, texts, strict=True))
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in table.columns)
    return (
        f"read_csv({literal(str(path))}, header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
        f"nullstr = chr(1), columns = {{{types}}})"
    )


def _duckdb_text(value: str, pg_type: str) -> str:
    """The twin of :func:`lakehouse_local.capture.json_text.dms_text`, NULL as its marker."""
    digits = f"regexp_full_match({value}, '-?[0-9]+')"
    match form(pg_type):
        case Form.DAYS:
            text = f"if({digits}, (date '1970-01-01' + try_cast({value} as integer))::varchar, {value})"
        case Form.MICROS | Form.MILLIS as found:
            micros = f"try_cast({value} as bigint)" + (" * 1000" if found is Form.MILLIS else "")
            text = f"if({digits}, strftime(make_timestamp({micros}), '%Y-%m-%d %H:%M:%S.%f'), {_padded(value)})"
        case Form.INSTANT:
            at = f"try_strptime({value}, ['%Y-%m-%dT%H:%M:%S.%fZ', '%Y-%m-%dT%H:%M:%SZ'])"
            text = f"if(ends_with({value}, 'Z'), strftime({at}, '%Y-%m-%d %H:%M:%S.%f'), {_padded(value)})"
        case Form.TEXT:
            text = _escaped(value, kind(pg_type))
        case _:
            text = value
    return f"coalesce({text}, {literal(_NULL)})"


def _padded(value: str) -> str:
    """PostgreSQL's text of a time with six decimals and no offset; what is no time (infinity) as it is."""
    parts = rf"regexp_extract({value}, '^(\d+-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d+)?(?:\+00)?( BC)?$', ['at', 'f', 'era'])"
    return (
        f"if(({parts}).at = '', {value}, "
        f"({parts}).at || rpad(if(({parts}).f = '', '.', ({parts}).f), 7, '0') || ({parts}).era)"
    )


def _escaped(value: str, of: Kind) -> str:
    plain = rf"if(starts_with({value}, '\') and regexp_full_match({value}, '\\+{UNAVAILABLE}'), {value}[2:], {value})"
    if of is Kind.PLAIN:
        return plain
    if of is Kind.CHARACTER:
        plain = f"rtrim({plain}, ' ')"
    return rf"if(starts_with({value}, '\') and regexp_full_match({value}, '\\+[NU]\s*'), '\' || {plain}, {plain})"
