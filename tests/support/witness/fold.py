"""Tables as each side's records make them: three ways to the same state."""

import csv
import gzip
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import sql

from lakehouse_core.ports import Storage
from lakehouse_local.capture import manifest
from lakehouse_local.capture.text import SESSION
from witness.events import Event
from witness.values import NOT_SENT, from_text

Row = dict[str, Any]
State = dict[tuple[Any, ...], Row]
Read = Callable[[str, Any], Any]
"""(PostgreSQL type, JSON) -> value."""


@dataclass(frozen=True)
class Table:
    """A table of the source: its columns with their types in order, its key, and which columns take no NULL."""

    name: str
    types: dict[str, str]
    key: tuple[str, ...]
    required: frozenset[str]
    full_identity: bool


def tables_of(dsn: str) -> list[Table]:
    """The tables of ``public``."""
    with psycopg2.connect(dsn) as database, database.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, c.relreplident = 'f', array_agg(a.attname ORDER BY a.attnum), "
            "array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum), "
            "array_agg(a.attnotnull ORDER BY a.attnum), "
            "(SELECT array_agg(k.attname ORDER BY k.attnum) FROM pg_index i JOIN pg_attribute k "
            "  ON k.attrelid = i.indrelid AND k.attnum = ANY (i.indkey) WHERE i.indrelid = c.oid AND i.indisprimary) "
            "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
            "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' GROUP BY c.oid, 1, 2 ORDER BY 1"
        )
        return [
            Table(name, dict(zip(columns, types, strict=True)), tuple(key),
                  frozenset(c for c, n in zip(columns, required, strict=True) if n), full)
            for name, full, columns, types, required, key in cursor
        ]  # fmt: skip


def in_database(dsn: str, table: Table) -> State:
    """The table itself."""
    with psycopg2.connect(dsn) as database, database.cursor() as cursor:
        for name, value in SESSION.items():
            cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
        texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(column)) for column in table.types)
        cursor.execute(sql.SQL("SELECT {} FROM {}").format(texts, sql.Identifier(table.name)))
        rows = [_typed(table, row) for row in cursor]
    return {_key(table, row): row for row in rows}


def folded_events(events: Iterable[Event], table: Table, read: Read) -> State:
    """What change events make of a table, by Debezium's own documents: nothing but key, op, before and after is used.

    A value that was not sent is that of the row before; of a row whose key changed, ``__debezium.oldkey`` says which.
    """
    state: State = {}
    gone: State = {}
    for event in events:
        if event.op == "t":
            state.clear()
            continue
        key = tuple(read(table.types[column], event.key[column]) for column in table.key)
        if event.op == "tombstone":
            assert key not in state, f"a tombstone of {key} in {table.name}, which is still there"
        elif event.op == "d":
            gone[key] = state.pop(key)
        else:
            row = {column: read(table.types[column], event.value["after"][column]) for column in table.types}
            old = event.headers.get("__debezium.oldkey")
            before = state.get(key) if old is None else gone[tuple(read(table.types[c], old[c]) for c in table.key)]
            state[key] = {c: before[c] if before and v is NOT_SENT else v for c, v in row.items()}
            assert _key(table, row) == key
    return state


def folded_dms(storage: Storage, bucket: str, table: Table) -> State:
    r"""What DMS's rows make of a table: I, U, D and T, the old key of a row whose key changed, ``\N`` and ``\U``."""
    state: State = {}
    full_name = f"public.{table.name}"
    for step in manifest.read_chain(storage, bucket):
        for file in step.files:
            text = gzip.decompress(storage.get(bucket, file.key)).decode()
            for line in csv.reader(io.StringIO(text, newline="")):
                named = file.table or f"{line[2]}.{line[1]}"
                if named == full_name:
                    _apply(state, table, line[0], line[2 if file.table else 4 :])
    return state


def _apply(state: State, table: Table, op: str, cells: list[str]) -> None:
    width = len(table.types)
    if op == "T":
        state.clear()
        return
    row = _typed(table, [None if cell == r"\N" else _unescaped(cell) for cell in cells[:width]])
    key = _key(table, row)
    if op == "D":
        del state[key]
        return
    old_cells = cells[width + 1 : width + 1 + len(table.key)]
    old = (
        tuple(from_text(table.types[c], v) for c, v in zip(table.key, old_cells, strict=True))
        if any(old_cells)
        else key
    )
    before = state.pop(old) if op == "U" else {}
    state[key] = {column: before[column] if value is NOT_SENT else value for column, value in row.items()}


def _unescaped(cell: str) -> Any:
    if cell == r"\U":
        return NOT_SENT
    return cell[1:] if cell.startswith("\\\\") and cell.lstrip("\\") in {"N", "U"} else cell


def _typed(table: Table, cells: Iterable[Any]) -> Row:
    pairs = zip(table.types.items(), cells, strict=True)
    return {c: v if v is None or v is NOT_SENT else from_text(t, v) for (c, t), v in pairs}


def _key(table: Table, row: Row) -> tuple[Any, ...]:
    return tuple(row[column] for column in table.key)
