"""The Debezium wire on real PostgreSQL: loads and changes say the same, and say what the source holds."""

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from captured import BUCKET, Capture

from lakehouse_local.capture import engine, manifest, mappings
from lakehouse_local.capture.debezium import DebeziumSettings, DebeziumWire
from lakehouse_local.capture.errors import WireChanged
from lakehouse_local.capture.json_text import UNAVAILABLE
from lakehouse_local.capture.manifest import Manifest
from lakehouse_local.capture.source import captured_tables, connected
from lakehouse_local.capture.text import dms_text_sql
from lakehouse_local.proof import events
from lakehouse_local.proof.source import Published
from lakehouse_local.proof.workspace import MEMORY

WIRE = DebeziumWire(DebeziumSettings(load_bytes=8192))
VALUES = {
    "a": ("smallint", "-5"),
    "b": ("numeric(12,2)", "1.5"),
    "c": ("numeric", "'NaN'"),
    "d": ("double precision", "1e20"),
    "e": ("real", "'-Infinity'"),
    "f": ("boolean", "true"),
    "g": ("date", "'2024-05-01'"),
    "h": ("date", "'infinity'"),
    "i": ("date", "'0044-03-15 BC'"),
    "j": ("timestamp", "'1969-12-31 23:59:59.999999'"),
    "k": ("timestamp(3)", "'2024-05-01 07:30:00.12'"),
    "l": ("timestamptz", "'2024-05-01 09:30:00.5+02'"),
    "m": ("timestamptz(0)", "'2024-05-01 09:30:00+02'"),
    "n": ("timestamptz", "'-infinity'"),
    "o": ("timestamptz", "'10000-01-01 00:00:00+00'"),
    "p": ("text", r"E'a \"b\" \\ ünï😀\n\x01\x7f'"),
    "q": ("varchar(40)", r"'\N'"),
    "r": ("text", rf"'\{UNAVAILABLE}'"),
    "s": ("text", f"'{UNAVAILABLE}'"),
    "t": ("char(4)", r"'\U'"),
    "u": ("jsonb", """'{"a": "\\\\N", "b": [1, null]}'"""),
    "v": ("uuid", "'6b9c2f0e-0000-0000-0000-000000000001'"),
    "w": ("integer[]", "'{1,NULL}'"),
    "x": ("inet", "'10.0.0.1'"),
    "y": ("bytea", r"'\x00ff'"),
    "z": ("time", "'24:00:00'"),
    'odd "/~name': ("text", "NULL"),
}


def records(capture: Capture, kind: str, table: str = "public.t") -> list[dict[str, Any]]:
    """The records of a table in load files or in files of changes."""
    chain = manifest.read_chain(capture.storage, BUCKET)
    bodies = [
        gzip.decompress(capture.storage.get(BUCKET, file.key))
        for each in chain
        if each.kind == kind
        for file in each.files
        if file.table == table
    ]
    return [json.loads(line) for body in bodies for line in body.splitlines()]


def load(capture: Capture) -> Manifest:
    """Full load on the wire; its manifest."""
    engine.full_load(capture.source, capture.storage, BUCKET, WIRE)
    return manifest.read_chain(capture.storage, BUCKET)[-1]


def drain(capture: Capture) -> Manifest:
    """Take in what is committed; the newest manifest."""
    engine.stream(capture.source, capture.storage, BUCKET, WIRE, engine.current_lsn(capture.source))
    return manifest.read_chain(capture.storage, BUCKET)[-1]


def stored(capture: Capture, folder: Path, key: str) -> Path:
    """A local copy of a file."""
    path = folder / key.replace("/", "_")
    path.write_bytes(capture.storage.get(BUCKET, key))
    return path


def sql_name(name: str) -> str:
    """A column in SQL."""
    return '"' + name.replace('"', '""') + '"'


def in_source(capture: Capture) -> tuple[Published, tuple[str, ...]]:
    """The only table, and the row whose id is 2 in DMS's text."""
    with connected(capture.source.capture_dsn) as control, control.cursor() as cursor:
        (table,) = captured_tables(control, mappings.DEFAULT)
        pairs = zip(table.columns, table.types, strict=True)
        texts = ", ".join(rf"coalesce({dms_text_sql(sql_name(name), kind)}, '\N')" for name, kind in pairs)
        cursor.execute(f"SELECT {texts} FROM t WHERE id = 2")
        (row,) = cursor.fetchall()
    return Published(table.full_name, table.columns, table.types, table.key, table.sql_name), row


@pytest.mark.parametrize("floats", [True, False], ids=["with floats", "without"])
def test_loads_and_changes_say_the_same(
    capture: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, floats: bool
) -> None:
    """Every type's values are the same JSON in a load and in a change, and both are read back as the source's text."""
    chosen = {name: pair for name, pair in VALUES.items() if floats or pair[0] not in ("double precision", "real")}
    columns = ", ".join(f"{sql_name(name)} {kind}" for name, (kind, _) in chosen.items())
    values = ", ".join(value for _, value in chosen.values())
    capture.sql(f"CREATE TABLE t (id int PRIMARY KEY, {columns})", f"INSERT INTO t VALUES (1, {values})")
    loaded = load(capture)
    capture.sql(f"INSERT INTO t VALUES (2, {values})", "UPDATE t SET id = 3 WHERE id = 1")
    changed = drain(capture)
    (first,), (second, *_, moved) = records(capture, "load"), records(capture, "changes")
    assert first["value"]["after"] | {"id": 2} == second["value"]["after"]
    assert first["value"]["after"] | {"id": 3} == moved["value"]["after"]

    table, want = in_source(capture)
    (file,) = loaded.files
    path = stored(capture, tmp_path, file.key)
    with duckdb.connect(config={"memory_limit": MEMORY}) as database:
        assert database.execute(f"from {events.load_sql(table, [path])}").fetchall() == [("1", *want[1:])]
        monkeypatch.setattr(events, "_LONGEST_LINE", 100)
        assert database.execute(f"from {events.load_sql(table, [path])}").fetchall() == [("1", *want[1:])]
    (entry,) = changed.files
    found = list(events.changes(changed, entry, stored(capture, tmp_path, entry.key), ""))
    assert [(each.op, each.row, each.old_key, each.numbers) for each in found] == [
        ("I", want, None, 1),
        ("U", ("3", *want[1:]), ("1",), 2),
    ]


def test_a_load_marks_its_ends(capture: Capture) -> None:
    """The first and the last row of each table and of all are marked, over several files; columns that are removed stay away."""
    capture.sql(
        "CREATE TABLE auth_user (id int PRIMARY KEY, password text)",
        "CREATE TABLE s (id int PRIMARY KEY, note text)",
        "CREATE TABLE t (id int PRIMARY KEY, note text)",
        "INSERT INTO auth_user VALUES (1, 'secret')",
        "INSERT INTO s SELECT n, repeat('x', 100) FROM generate_series(1, 500) AS n",
        "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')",
        "ANALYZE",
    )
    taken = load(capture)
    markers = {
        name: [each["value"]["source"]["snapshot"] for each in records(capture, "load", f"public.{name}")]
        for name in ("auth_user", "s", "t")
    }
    assert len([file for file in taken.files if file.table == "public.s"]) > 1
    assert markers["auth_user"] == ["last_in_data_collection"]
    assert markers["s"] == ["first_in_data_collection", *["true"] * 498, "last_in_data_collection"]
    assert markers["t"] == ["first_in_data_collection", "true", "last"]
    (user,) = records(capture, "load", "public.auth_user")
    assert user["value"]["after"] == {"id": 1}
    assert user["value"]["op"] == "r"
    assert {user["value"]["source"]["lsn"], json.loads(user["value"]["source"]["sequence"])[1]} == {
        taken.consistent_point,
        str(taken.consistent_point),
    }


def test_an_order_over_transactions(capture: Capture) -> None:
    """Sequence rises with every transaction, total_order within one, over all of its tables; a truncate counts too."""
    capture.sql("CREATE TABLE s (id int PRIMARY KEY)", "CREATE TABLE t (id int PRIMARY KEY)")
    load(capture)
    capture.sql(
        "INSERT INTO t VALUES (1)",
        "DO $$ BEGIN INSERT INTO s VALUES (1); UPDATE t SET id = 2; INSERT INTO s VALUES (2); TRUNCATE s, t; END $$",
    )
    drain(capture)
    found = [
        (
            int(json.loads(each["value"]["source"]["sequence"])[0] or 0),
            each["value"]["transaction"]["total_order"],
            each["value"]["transaction"]["data_collection_order"],
            each["value"]["source"]["table"],
            each["value"]["op"],
        )
        for name in ("public.s", "public.t")
        for each in records(capture, "changes", name)
        if each["value"]
    ]
    first, *second = sorted(found)
    assert first[1:] == (1, 1, "t", "c")
    assert {before > first[0] for before, *_ in second} == {True}
    assert [each[1:] for each in second] == [
        (1, 1, "s", "c"),
        (2, 1, "t", "d"),
        (3, 2, "t", "c"),
        (4, 2, "s", "c"),
        (5, 3, "s", "t"),
        (6, 3, "t", "t"),
    ]


def test_a_lake_keeps_its_wire(capture: Capture) -> None:
    """Another wire than the one that bronze began with is refused, with a way out."""
    capture.sql("CREATE TABLE t (id int PRIMARY KEY)")
    load(capture)
    for go_on in (capture.drain, capture.load):
        with pytest.raises(WireChanged, match="is written as debezium; dms was asked for"):
            go_on()
