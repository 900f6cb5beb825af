r"""The Debezium wire, read by real Spark from real files: what each kind of record and each oddity becomes."""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_core import cdc
from lakehouse_core.bronze import Bronze, debezium
from lakehouse_core.bronze.debezium import UNAVAILABLE, Handling
from lakehouse_core.cdc import Floor
from lakehouse_core.contracts import CONTRACTS
from lakehouse_core.contracts.model import Column, Contract
from lakehouse_local.simulate import Cell, simulate

THING = Contract(
    table="core_thing",
    entity="thing",
    view="things",
    grain="one row per thing",
    columns=(
        Column("id", "bigint"),
        Column("amount", "numeric(12,2)", nullable=True),
        Column("count", "integer", nullable=True),
        Column("good", "boolean", nullable=True),
        Column("day", "date", nullable=True),
        Column("at", "timestamptz", nullable=True),
        Column("name", "varchar(20)"),
        Column("data", "jsonb", nullable=True),
        Column("rate", "numeric(4,4)", nullable=True),
        Column("whole", "numeric(5,0)", nullable=True),
    ),
)
CLOCK = "2026-01-02 03:04:05.678901"
MICROS = 1_767_323_045_678_901
NOTHING: Mapping[str, Any] = {column.name: None for column in THING.columns}


def row(key: Any = 1, **values: Any) -> dict[str, Any]:
    """A row of THING, null and '' where nothing is given."""
    return {**NOTHING, "id": key, "name": "", **values}


def event(op: str, number: int, after: Any = None, before: Any = None, **given: Any) -> dict[str, Any]:
    """A record as Debezium writes it, with ``provide.transaction.metadata``; ``given`` replaces its parts."""
    source = {
        "version": "3.0.0.Final",
        "connector": "postgresql",
        "name": "shop",
        "ts_ms": MICROS // 1000,
        "ts_us": MICROS,
        "ts_ns": MICROS * 1000,
        "snapshot": "first" if op == "r" else "false",
        "db": "saas",
        "sequence": '["254","256"]',
        "schema": "public",
        "table": "core_thing",
        "txId": 7,
        "lsn": 256,
        "xmin": None,
    } | given.pop("source", {})
    transaction = {"id": "7:256", "total_order": number, "data_collection_order": 1}
    value = {"before": before, "after": after, "source": source, "transaction": transaction, "op": op, "ts_ms": 1}
    image = after if isinstance(after, dict) else before or {}
    key = {"id": image.get("id")} if op != "t" else None
    return {"key": key, "headers": [], "value": value} | given


def linked(name: str, key: Any) -> list[dict[str, Any]]:
    """The headers of one half of a key change."""
    return [{"key": f"__debezium.{name}", "value": {"id": key}}]


def lines(*records: Mapping[str, Any] | str) -> str:
    """Records as lines; a text stands for itself."""
    return "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in records)


def read(spark: SparkSession, folder: Path, text: str) -> DataFrame:
    """A file of that text, read as the caller is told to."""
    path = folder / "lakehouse.public.core_thing+0+0000000001.json.gz"
    path.write_bytes(gzip.compress(text.encode()))
    return spark.read.options(**debezium.READ_OPTIONS).text(str(path)).withColumn("_file", F.input_file_name())


def bronze_of(spark: SparkSession, folder: Path, *records: Mapping[str, Any] | str) -> Bronze:
    """What records of THING's topic mean."""
    return debezium.rows(read(spark, folder, lines(*records)), THING, 1)


def as_text(frame: DataFrame) -> list[dict[str, Any]]:
    """Rows as dicts of texts, in the order of positions."""
    texts = frame.select(*(F.col(name).cast("string") for name in frame.columns)).orderBy("_position", "id", "_op")
    return [each.asDict() for each in texts.collect()]


def seen(bronze: Bronze, *names: str) -> list[tuple[str | None, ...]]:
    """Those columns of the changes."""
    return [tuple(each[name] for name in names) for each in as_text(bronze.changes)]


def ignored(frame: DataFrame) -> dict[str, int]:
    """How many records carry no change."""
    return {each["kind"]: each["rows"] for each in debezium.ignored(frame).collect()}


def test_each_kind_of_record(spark: SparkSession, tmp_path: Path) -> None:
    """Create, read, update, delete, truncate, tombstone, message and the three records of a key change."""
    text = lines(
        event("r", 0, row(1, name="loaded")),
        event("c", 1, row(2, name="a")),
        event("u", 2, row(2, name="b", data=UNAVAILABLE)),
        event("d", 3, before=row(2)),
        {"key": {"id": 2}, "headers": [], "value": None},
        event("d", 4, before=row(1), headers=linked("newkey", 3)),
        {"key": {"id": 1}, "headers": [], "value": None},
        event("c", 5, row(3, name=UNAVAILABLE), headers=linked("oldkey", 1)),
        event("t", 6),
        event("m", 7, key={"prefix": "lakehouse.clock"}),
    )
    raw = read(spark, tmp_path, text)
    bronze = debezium.rows(raw, THING, 1)
    assert bronze.quarantine.count() == 0
    assert seen(bronze, "_op", "id", "name", "_unsent", "_old_key", "_position") == [
        ("I", "1", "loaded", "[]", None, "0001.0.0000000000000100.00000000"),
        ("I", "2", "a", "[]", None, "0001.1.00000000000000FE.00000001"),
        ("U", "2", "b", "[data]", None, "0001.1.00000000000000FE.00000002"),
        ("D", "2", None, "[]", None, "0001.1.00000000000000FE.00000003"),
        ("D", "1", None, "[]", None, "0001.1.00000000000000FE.00000005"),
        ("I", "3", None, "[name]", "1", "0001.1.00000000000000FE.00000005"),
        ("T", None, None, "[]", None, "0001.1.00000000000000FE.00000006"),
    ]
    assert ignored(raw) == {"tombstone": 2, "moved": 1, "message": 1}
    assert {each["_business_time"] for each in as_text(bronze.changes)} == {CLOCK}


GOOD = [
    ("id", 9223372036854775807, "9223372036854775807"),
    ("amount", "9999999999.99", "9999999999.99"),
    ("amount", "-1.50", "-1.50"),
    ("amount", None, None),
    ("rate", "0.1234", "0.1234"),
    ("whole", "12345", "12345"),
    ("count", -2147483648, "-2147483648"),
    ("good", True, "true"),
    ("good", False, "false"),
    ("day", 0, "1970-01-01"),
    ("day", -719162, "0001-01-01"),
    ("day", 2932896, "9999-12-31"),
    ("at", "0001-01-01T00:00:00Z", "0001-01-01 00:00:00"),
    ("at", "9999-12-31T23:59:59.999999Z", "9999-12-31 23:59:59.999999"),
    ("at", "2026-03-29T02:30:00.5Z", "2026-03-29 02:30:00.5"),
    ("name", r"\N", r"\N"),
    ("name", r"\\U", r"\\U"),
    ("name", rf"\{UNAVAILABLE}", UNAVAILABLE),
    ("name", f"{UNAVAILABLE}!", f"{UNAVAILABLE}!"),
    ("name", 'a "b", \\ c\r\n\t\u2028', 'a "b", \\ c\r\n\t\u2028'),
    ("name", "ünï😀", "ünï😀"),
    ("data", '{"a": "\\\\N"}', '{"a": "\\\\N"}'),
    ("data", "null", "null"),
]
BAD = [
    ("amount", "NaN", "amount: 'NaN' is no numeric(12,2)"),
    ("amount", "1E+3", "amount: '1E+3' is no numeric(12,2)"),
    ("amount", {"scale": 2, "value": "AA=="}, 'amount: \'{"scale":2,"value":"AA=="}\' is no numeric(12,2)'),
    ("amount", "1.005", "amount: '1.005' is no numeric(12,2)"),
    ("amount", UNAVAILABLE, f"amount: '{UNAVAILABLE}' is no numeric(12,2)"),
    ("count", "many", "count: 'many' is no integer"),
    ("count", 1.5, "count: '1.5' is no integer"),
    ("good", 1, "good: '1' is no boolean"),
    ("day", 2932897, "day: '+10000-01-01' is no date"),
    ("day", "infinity", "day: 'infinity' is no date"),
    ("at", "infinity", "at: 'infinity' is no timestamptz"),
    ("at", "0044-03-15 12:00:00.5+00 BC", "at: '0044-03-15 12:00:00.500000 BC' is no timestamptz"),
    ("at", "10000-01-01 00:00:00+00", "at: '10000-01-01 00:00:00.000000' is no timestamptz"),
    ("at", 1_767_323_045_678, "at: '1767323045678' is no timestamptz"),
    ("at", "2026-01-01T00:00:00+01:00", "at: '2026-01-01T00:00:00+01:00' is no timestamptz"),
    ("at", "2026-01-01T00:00:00.1234567Z", "at: '2026-01-01T00:00:00.1234567Z' is no timestamptz"),
    ("name", None, "name: NULL where a value is required"),
    ("name", UNAVAILABLE, "name: not sent"),
]


@pytest.mark.parametrize("ansi", ["true", "false"])
def test_values(spark: SparkSession, tmp_path: Path, ansi: str) -> None:
    """Every value of a type arrives unchanged, every other goes to quarantine with its reason, in any time zone."""
    spark.conf.set("spark.sql.ansi.enabled", ansi)
    spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    try:
        cases = enumerate([*GOOD, *BAD], 100)
        records = [
            event("c", n, row(value if name == "id" else n, **({} if name == "id" else {name: value})))
            for n, (name, value, _) in cases
        ]
        bronze = bronze_of(spark, tmp_path, *records)
        held = {each.key: (each.rule, each.reason) for each in bronze.quarantine.collect()}
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        found = {each["id"]: each for each in as_text(bronze.changes)}
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        spark.conf.set("spark.sql.ansi.enabled", "true")
    for n, (name, value, expected) in enumerate(GOOD, 100):
        assert (name, value, found[str(value) if name == "id" else str(n)][name]) == (name, value, expected)
    for n, (_, _, reason) in enumerate(BAD, 100 + len(GOOD)):
        assert held[n] == ("thing.typed", reason)
        assert found[str(n)]["_op"] == "Q"
    assert len(held) == len(BAD)


UNSCALED = (0, 1, -1, 150, -150, 127, 128, -128, -129, 999_999_999_999, -999_999_999_999)


def test_precise_decimals(spark: SparkSession, tmp_path: Path) -> None:
    """``decimal.handling.mode=precise``: the unscaled value's bytes, in base64, at the column's scale."""

    def packed(unscaled: int) -> str:
        return base64.b64encode(unscaled.to_bytes(unscaled.bit_length() // 8 + 1, "big", signed=True)).decode()

    records = [event("c", n, row(n, amount=packed(unscaled))) for n, unscaled in enumerate(UNSCALED)]
    bronze = debezium.rows(read(spark, tmp_path, lines(*records)), THING, 1, Handling(decimal="precise"))
    assert [Decimal(str(amount)) for (amount,) in seen(bronze, "amount")] == [
        Decimal(unscaled).scaleb(-2) for unscaled in UNSCALED
    ]


def test_with_schemas(spark: SparkSession, tmp_path: Path) -> None:
    """Key and value may stand in a payload beside their schema."""
    plain = event("u", 1, row(5, name="a"))
    wrapped = plain | {part: {"schema": {"type": "struct"}, "payload": plain[part]} for part in ("key", "value")}
    assert seen(bronze_of(spark, tmp_path, wrapped), "_op", "id", "name") == [("U", "5", "a")]


UNORDERED = {"source": {"sequence": None}}
MISFITS = [
    (event("x", 1, row()), 1, "op_known", "op: 'x' is none of c, r, u, d, t, m"),
    (event("c", 1, row(), key=None), None, "key_present", "the event has no key"),
    (event("d", 1, before=row(), key=None), None, "key_present", "the event has no key"),
    (event("c", 1, row(), key={"uuid": 1}), None, "key_agrees", 'the record\'s key is {"uuid":1}, id in after is 1'),
    (event("c", 1, row(2), key={"id": 3}), 3, "key_agrees", "the record's key is 3, id in after is 2"),
    (event("c", 1, None, key={"id": 3}), 3, "after_present", "the event of op 'c' has no after"),
    (event("c", 1, 5, key={"id": 3}), 3, "after_present", "the event of op 'c' has no after"),
    (event("u", 1, {}, key={"id": 3}), 3, "key_agrees", "the record's key is 3, id in after is \\U"),
    (
        event("c", 1, row(), source={"table": "auth_user"}),
        None,
        "table_known",
        "the topic of public.core_thing has an event of 'public.auth_user'",
    ),
    (
        event("c", 1, row(), **UNORDERED),
        None,
        "ordered",
        "nothing orders the event: it has no source.sequence, or no source.lsn if a snapshot read it",
    ),
    (event("u", 1, {"id": 4, "name": "a"}), 4, "typed", "amount: not sent; count: not sent; good: not sent"),
    (event("c", 1, row(4), headers=linked("oldkey", "x")), 4, "typed", "__debezium.oldkey: 'x' is no bigint"),
    (event("c", 1, row(4), source={"ts_us": "then", "ts_ms": None}), 4, "typed", "timestamp: '' is no timestamptz"),
]
UNREADABLE = "the line is not one JSON object with key, headers and value (Debezium's envelope)"
GOOD_LINE = json.dumps(event("c", 1, row()))
BROKEN = [
    GOOD_LINE[:-1],
    GOOD_LINE[:200],
    GOOD_LINE + GOOD_LINE,
    GOOD_LINE + "," + GOOD_LINE,
    json.dumps(event("c", 1, row())["value"]),
    json.dumps({"key": {"id": 1}}),
    json.dumps({"key": {"id": 1}, "value": "text"}),
    json.dumps(event("c", 1, row(), headers={"__debezium.oldkey": {"id": 1}})),
    "id,name",
    "[]",
    "7",
    "null",
    "",
]


def test_misfits(spark: SparkSession, tmp_path: Path) -> None:
    """An event that is none of this table's changes goes to quarantine by its rule, with its line, and nothing else does."""
    bronze = bronze_of(spark, tmp_path, *(record for record, *_ in MISFITS))
    held = bronze.quarantine.collect()
    for (record, key, rule, reason), found in zip(MISFITS, held, strict=True):
        assert (found.key, found.rule) == (key, f"thing.{rule}"), record
        assert found.reason.startswith(reason)
        assert json.loads(json.loads(found.raw)[-1]) == record
    assert {each["_op"] for each in as_text(bronze.changes)} == {"Q"}


@pytest.mark.parametrize("ansi", ["true", "false"])
def test_broken_lines(spark: SparkSession, tmp_path: Path, ansi: str) -> None:
    """A line that is cut, holds two events, or is no envelope is kept whole in quarantine; its neighbours are read."""
    spark.conf.set("spark.sql.ansi.enabled", ansi)
    try:
        bronze = bronze_of(spark, tmp_path, event("c", 1, row(8)), *BROKEN, event("c", 2, row(9)))
        held = bronze.quarantine.collect()
        changes = seen(bronze, "_op", "id")
    finally:
        spark.conf.set("spark.sql.ansi.enabled", "true")
    assert [(json.loads(each.raw)[-1], each.rule, each.reason) for each in held] == [
        (line, "thing.shape", UNREADABLE) for line in BROKEN
    ]
    assert {(each.key, each._position) for each in held} == {(None, None)}
    assert changes == [("I", "8"), ("I", "9")]


def test_tables_without_a_contract_are_seen(spark: SparkSession, tmp_path: Path) -> None:
    """What stands in files is counted by table, unreadable lines among them."""
    raw = read(spark, tmp_path, lines(event("c", 1, row()), event("t", 1, source={"table": "auth_user"}), "cut"))
    assert {(each.schema, each.table, each.rows) for each in debezium.tables(raw).collect()} == {
        ("public", "core_thing", 1),
        ("public", "auth_user", 1),
        (None, None, 1),
    }


def positions(spark: SparkSession, folder: Path, records: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """The names of changes in the order of their positions."""
    return [name for (name,) in seen(bronze_of(spark, folder, *records), "name")]


def test_what_plain_files_order(spark: SparkSession, tmp_path: Path) -> None:
    """Without our header: the commit before orders transactions, then total_order or, without it, the LSN."""
    told = [(None, 900, 1), (100, 50, 1), (100, 60, 2), (300, 40, 1), (300, 40, 2)]
    with_metadata = [
        event(
            "c",
            order,
            row(n, name=str(n)),
            source={"sequence": json.dumps([before and str(before), str(lsn)]), "lsn": lsn},
        )
        for n, (before, lsn, order) in enumerate(told)
    ]
    without = [
        record | {"value": record["value"] | {"transaction": None, "source": record["value"]["source"] | {"lsn": n}}}
        for n, record in enumerate(with_metadata)
    ]
    for records in (with_metadata, without):
        assert positions(spark, tmp_path, records[::-1]) == ["0", "1", "2", "3", "4"]


def test_our_header_goes_before_what_debezium_says(spark: SparkSession, tmp_path: Path) -> None:
    """The files of `lakehouse replicate` say position and business time themselves."""
    headers = [
        {"key": "lakehouse.position", "value": "00000000000000FF.0000000A"},
        {"key": "lakehouse.time", "value": "2020-01-01 00:00:00.000000"},
    ]
    bronze = bronze_of(spark, tmp_path, event("c", 1, row(), headers=headers))
    assert seen(bronze, "_position", "_business_time") == [("0001.1.00000000000000FF.0000000A", "2020-01-01 00:00:00")]
    bad = [{"key": "lakehouse.position", "value": "12"}]
    (held,) = bronze_of(spark, tmp_path, event("c", 1, row(), headers=bad)).quarantine.collect()
    assert held.rule == "thing.ordered"


def spoken(cell: Cell) -> str | None:
    """A simulated value as Spark prints it in UTC."""
    match cell:
        case None:
            return None
        case bool():
            return str(cell).lower()
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M:%S}" + f".{cell.microsecond:06d}".rstrip("0").rstrip(".")
        case Decimal():
            return f"{cell:f}"
        case _:
            return str(cell)


def test_simulated_events_fold_to_the_simulated_rows(spark: SparkSession, tmp_path: Path) -> None:
    """Without a database: the simulator's records go through the reader and the fold, and end in its rows."""
    chosen = [CONTRACTS["tenant"], CONTRACTS["invoice"]]
    played = simulate(chosen, 150, seed=3)
    for contract in chosen:
        raw = read(spark, tmp_path, b"".join(played.lines[contract.entity]).decode())
        bronze = debezium.rows(raw, contract, 1)
        assert bronze.quarantine.count() == 0
        changes = bronze.changes.cache()
        truncate = changes.where("_op = 'T'").agg(F.max("_position")).first()
        floor = Floor(truncate[0]) if truncate and truncate[0] else None
        state = cdc.fold(changes, contract, floor).where("_op in ('I', 'U')")
        found = {
            row["id"]: {name: row[name] for name in contract.column_names}
            for row in state.select(*(F.col(name).cast("string") for name in contract.column_names)).collect()
        }
        changes.unpersist()
        assert found == {
            str(key): {name: spoken(cell) for name, cell in row.items()}
            for key, row in played.state[contract.entity].items()
        }
