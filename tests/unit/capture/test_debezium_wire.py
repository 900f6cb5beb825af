"""Changes as Debezium's events, without a database: which records a change becomes, and what stands in them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from lakehouse_local.capture.debezium import DebeziumSettings, DebeziumWire
from lakehouse_local.capture.errors import WireUnknown
from lakehouse_local.capture.json_text import UNAVAILABLE
from lakehouse_local.capture.pgoutput import UNCHANGED, Begin, Row
from lakehouse_local.capture.wire import Change, Shape
from lakehouse_local.capture.wires import WIRES, wire_named

SHAPE = Shape("public", "item", ("id", "on", "note"), ("bigint", "boolean", "text"), ("id",))
COMMITTED = datetime(2024, 5, 1, 9, 30, 0, 1, tzinfo=UTC)
TOLD = datetime(2020, 1, 1, tzinfo=UTC)
STAMPS = {"ts_ms": 1714555800000, "ts_us": 1714555800000001, "ts_ns": 1714555800000001000}


def records(op: str, new: Row, old_key: tuple[bytes, ...] | None = None, last_commit: int = 3) -> list[dict[str, Any]]:
    """The lines of the eighth change of the epoch, the second of the transaction that commits at 5."""
    wire = DebeziumWire(DebeziumSettings(database="shop"))
    begin = Begin(5, COMMITTED, 77)
    change = Change(op, new, old_key, begin, lsn=4, last_commit=last_commit, counter=8, sequence=1, in_table=0)
    written = wire.stamped(wire.encoder(SHAPE).encode(change), TOLD)
    assert written.endswith(b"\n")
    return [json.loads(line) for line in written.splitlines()]


def headers(record: dict[str, Any]) -> dict[str, Any]:
    """The headers by name."""
    return {each["key"]: each["value"] for each in record["headers"]}


def test_an_insert() -> None:
    """The whole record, under Debezium's names."""
    assert records("I", (b"7", b"f", None)) == [
        {
            "key": {"id": 7},
            "headers": [
                {"key": "lakehouse.position", "value": "0000000000000005.00000001"},
                {"key": "lakehouse.change", "value": 8},
                {"key": "lakehouse.time", "value": "2020-01-01 00:00:00.000000"},
            ],
            "value": {
                "before": None,
                "after": {"id": 7, "on": False, "note": None},
                "source": {
                    "version": "lakehouse",
                    "connector": "postgresql",
                    "name": "lakehouse",
                    "snapshot": "false",
                    "db": "shop",
                    "sequence": '["3","4"]',
                    "schema": "public",
                    "table": "item",
                    "txId": 77,
                    "lsn": 4,
                    "xmin": None,
                    **STAMPS,
                },
                "transaction": {"id": "77:4", "total_order": 2, "data_collection_order": 1},
                "op": "c",
                **STAMPS,
            },
        }
    ]


def test_an_update_may_leave_columns_out() -> None:
    """What PostgreSQL did not send is Debezium's placeholder; before is null, as under REPLICA IDENTITY DEFAULT."""
    (record,) = records("U", (b"7", b"t", UNCHANGED), last_commit=0)
    assert record["value"]["after"] == {"id": 7, "on": True, "note": UNAVAILABLE}
    assert (record["value"]["op"], record["value"]["before"]) == ("u", None)
    assert record["value"]["source"]["sequence"] == '[null,"4"]'


def test_a_delete_and_its_tombstone() -> None:
    """Before has the key, and a null value of the same key follows."""
    event, tombstone = records("D", (b"7", None, None))
    assert (event["value"]["op"], event["value"]["after"]) == ("d", None)
    assert event["value"]["before"] == {"id": 7, "on": None, "note": None}
    assert tombstone == {"key": {"id": 7}, "headers": [], "value": None}


def test_a_key_change_is_three_records() -> None:
    """Delete, tombstone and create name each other's keys, share LSN and position, and take two numbers."""
    left, tombstone, came = records("U", (b"7", b"t", UNCHANGED), (b"6",))
    assert [left["key"], tombstone["key"], came["key"]] == [{"id": 6}, {"id": 6}, {"id": 7}]
    assert [left["value"]["op"], tombstone["value"], came["value"]["op"]] == ["d", None, "c"]
    assert headers(left)["__debezium.newkey"] == {"id": 7}
    assert headers(came)["__debezium.oldkey"] == {"id": 6}
    assert headers(left)["lakehouse.position"] == headers(came)["lakehouse.position"]
    assert left["value"]["source"]["lsn"] == came["value"]["source"]["lsn"]
    assert [each["value"]["transaction"]["total_order"] for each in (left, came)] == [2, 3]
    assert came["value"]["after"]["note"] == UNAVAILABLE


def test_a_truncate_has_no_key() -> None:
    """Neither key nor rows."""
    (record,) = records("T", (None, None, None))
    assert (record["key"], record["value"]["op"]) == (None, "t")
    assert record["value"]["before"] is record["value"]["after"] is None


def test_keys_of_objects() -> None:
    """Objects are named as a sink names them; a name of PostgreSQL cannot leave its topic."""
    wire = DebeziumWire()
    at = datetime(2024, 5, 1, 9, 30, 0, 7000, tzinfo=UTC)
    topic = "topics/lakehouse.public.item/partition=0/lakehouse.public.item"
    assert wire.changes_key(("public", "item"), at) == f"{topic}+0+1714555800007.json.gz"
    assert wire.load_key("public", "item", 26) == f"{topic}+0+0000000026.json.gz"
    assert wire.load_number(wire.load_key("public", "item", 26)) == 26
    assert wire.load_key("a.b", "../c+0+1", 1) != wire.load_key("a", "b.../c+0+1", 1)
    assert "/../" not in wire.load_key("a", "../evil", 1)


def test_wires_by_name() -> None:
    """Each wire has its name; another name is an error that says which there are."""
    assert [wire_named(name, "saas").name for name in WIRES] == list(WIRES)
    with pytest.raises(WireUnknown, match="dms, dms-tables, debezium") as problem:
        wire_named("avro", "saas")
    assert problem.value.exit_code == 2
