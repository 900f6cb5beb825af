r"""The DMS wire, read by real Spark from real files: what each oddity becomes."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse_core.bronze import Bronze, dms
from lakehouse_core.contracts.model import Column, Contract

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
NARROW = Contract(
    table="core_narrow",
    entity="narrow",
    view="narrows",
    grain="one row per narrow",
    columns=(Column("id", "bigint"), Column("note", "text")),
)
CLOCK = "2026-01-02 03:04:05.678901"
Load = Callable[[bytes], DataFrame]


@pytest.fixture(params=["true", "false"], ids=["ansi", "lenient"])
def ansi(spark: SparkSession, request: pytest.FixtureRequest) -> Iterator[str]:
    """Run with ANSI on and with ANSI off."""
    before = spark.conf.get("spark.sql.ansi.enabled")
    spark.conf.set("spark.sql.ansi.enabled", request.param)
    yield request.param
    spark.conf.set("spark.sql.ansi.enabled", before or "true")


def read(
    spark: SparkSession, path: Path, schema: StructType, options: Mapping[str, str] = dms.READ_OPTIONS
) -> DataFrame:
    """Read as the caller is told to."""
    return spark.read.options(**options).schema(schema).csv(str(path)).withColumn("_file", F.input_file_name())


def gz(path: Path, text: str) -> Path:
    """Write a gzip file as it is on the wire."""
    path.write_bytes(gzip.compress(text.encode()))
    return path


def loaded(spark: SparkSession, path: Path, text: str) -> Bronze:
    """The load rows of THING in a file of that text."""
    return dms.load_rows(read(spark, gz(path / "LOAD00000001.csv.gz", text), dms.load_schema(THING)), THING, 1, 0xABC)


def transactions(spark: SparkSession, path: Path, text: str, contract: Contract = THING) -> Bronze:
    """The changes of one table in a CDC_TXN file of that text."""
    raw = read(spark, gz(path / "CDC_TXN-1.csv.gz", text), dms.transaction_schema([THING, NARROW]))
    return dms.transaction_rows(raw, contract, 1)


def load_line(key: str = "1", **cells: str) -> str:
    """A LOAD row of THING, NULL and '' where nothing is given."""
    values = {column.name: r"\N" for column in THING.columns} | {"id": key, "name": '""'} | cells
    return ",".join(["I", CLOCK, *values.values(), "", "", ""]) + "\n"


def change_line(
    op: str, sequence: int, key: str = "1", old: str = r"\N", table: str = "core_thing", **cells: str
) -> str:
    """A CDC_TXN row of THING."""
    values = {column.name: r"\N" for column in THING.columns} | {"id": key} | cells
    return ",".join([op, table, "public", CLOCK, *values.values(), "9" * 35, old, stream(sequence)]) + "\n"


def stream(sequence: int) -> str:
    """A stream position."""
    return f"00000000000000FF.{sequence:08X}"


def as_text(frame: DataFrame) -> list[dict[str, Any]]:
    """Rows as dicts of texts, because Python's dates end at year 9999 and begin at year 1 in local time."""
    rows = (
        frame.select(*(F.col(name).cast("string") for name in frame.columns))
        .orderBy("_position", "id", "_op")
        .collect()
    )
    return [row.asDict() for row in rows]


GOOD = [
    ("id", "9223372036854775807", "9223372036854775807"),
    ("id", "-9223372036854775808", "-9223372036854775808"),
    ("amount", "9999999999.99", "9999999999.99"),
    ("amount", "-1.50", "-1.50"),
    ("amount", "7", "7.00"),
    ("amount", r"\N", None),
    ("rate", "0.1234", "0.1234"),
    ("whole", "12345", "12345"),
    ("count", "-2147483648", "-2147483648"),
    ("good", "true", "true"),
    ("good", "false", "false"),
    ("day", "0001-01-01", "0001-01-01"),
    ("day", "9999-12-31", "9999-12-31"),
    ("day", "2024-02-29", "2024-02-29"),
    ("at", "0001-01-01 00:00:00.000000", "0001-01-01 00:00:00"),
    ("at", "9999-12-31 23:59:59.999999", "9999-12-31 23:59:59.999999"),
    ("at", "2026-03-29 02:30:00.000000", "2026-03-29 02:30:00"),
    ("name", '""', ""),
    ("name", "", ""),
    ("name", r"\\N", r"\N"),
    ("name", r"\\U", r"\U"),
    ("name", r"\\\N", r"\\N"),
    ("name", r"\n", r"\n"),
    ("name", '"\\\\N"', r"\N"),
    ("name", '"a ""b"", c"', 'a "b", c'),
    ("name", '"a\nb"', "a\nb"),
    ("name", '"a\r\nb"', "a\r\nb"),
    ("name", '"a\rb"', "a\rb"),
    ("name", '" a "', " a "),
    ("name", "a\\", "a\\"),
    ("name", 'mid"quote', 'mid"quote'),
    ("name", "=1+1", "=1+1"),
    ("name", "#no comment", "#no comment"),
    ("name", "ünï😀", "ünï😀"),
    ("data", '"{""a"": ""\\\\N""}"', '{"a": "\\\\N"}'),
    ("data", "null", "null"),
]

BAD = [
    ("id", "9223372036854775808", "typed-key"),
    ("id", "1.0", "typed-key"),
    ("id", r"\N", "typed-key"),
    ("id", "", "typed-key"),
    ("id", " 1", "typed-key"),
    ("amount", "NaN", "amount: 'NaN' is no numeric(12,2)"),
    ("amount", "Infinity", "amount: 'Infinity' is no numeric(12,2)"),
    ("amount", "10000000000.00", "amount: '10000000000.00' is no numeric(12,2)"),
    ("amount", "1.005", "amount: '1.005' is no numeric(12,2)"),
    ("amount", "1e400", "amount: '1e400' is no numeric(12,2)"),
    ("amount", "", "amount: '' is no numeric(12,2)"),
    ("amount", '"1\n"', "amount: '1\n' is no numeric(12,2)"),
    ("amount", r"\U", "amount: not sent"),
    ("rate", "1.0000", "rate: '1.0000' is no numeric(4,4)"),
    ("whole", "1.5", "whole: '1.5' is no numeric(5,0)"),
    ("count", "2147483648", "count: '2147483648' is no integer"),
    ("count", "+1", "count: '+1' is no integer"),
    ("good", "t", "good: 't' is no boolean"),
    ("good", "TRUE", "good: 'TRUE' is no boolean"),
    ("day", "infinity", "day: 'infinity' is no date"),
    ("day", "0044-03-15 BC", "day: '0044-03-15 BC' is no date"),
    ("day", "0000-01-01", "day: '0000-01-01' is no date"),
    ("day", "2023-02-29", "day: '2023-02-29' is no date"),
    ("day", "10000-01-01", "day: '10000-01-01' is no date"),
    ("day", "epoch", "day: 'epoch' is no date"),
    ("at", "-infinity", "at: '-infinity' is no timestamptz"),
    ("at", "2026-01-01 24:00:00", "at: '2026-01-01 24:00:00' is no timestamptz"),
    ("at", "2016-12-31 23:59:60", "at: '2016-12-31 23:59:60' is no timestamptz"),
    ("at", "2026-01-01 00:00:00+15:59:59", "at: '2026-01-01 00:00:00+15:59:59' is no timestamptz"),
    ("at", "2026-01-01T00:00:00", "at: '2026-01-01T00:00:00' is no timestamptz"),
    ("at", "0044-03-15 00:00:00 BC", "at: '0044-03-15 00:00:00 BC' is no timestamptz"),
    ("name", r"\N", "name: NULL where a value is required"),
    ("name", r"\U", "name: not sent"),
]


@pytest.mark.usefixtures("ansi")
def test_every_good_text_becomes_its_value(spark: SparkSession, tmp_path: Path) -> None:
    """Each value that PostgreSQL can print for a type arrives unchanged, whatever the session's ANSI setting."""
    lines = [
        load_line(**({"key": text} if column == "id" else {"key": str(number), column: text}))
        for number, (column, text, _) in enumerate(GOOD, 100)
    ]
    bronze = loaded(spark, tmp_path, "".join(lines))
    rows = {row["id"]: row for row in as_text(bronze.changes)}
    assert bronze.quarantine.count() == 0
    for number, (column, text, expected) in enumerate(GOOD, 100):
        row = rows[text if column == "id" else str(number)]
        assert (column, text, row[column]) == (column, text, expected)
        assert row["_op"] == "I"
        assert row["_position"] == "0001.0.0000000000000ABC.00000000"
        assert row["_business_time"] == CLOCK


@pytest.mark.usefixtures("ansi")
def test_every_bad_text_goes_to_quarantine_with_its_reason(spark: SparkSession, tmp_path: Path) -> None:
    """What is not of its type is neither NULL nor rounded: it is named in quarantine, and the row is Q if it has a key."""
    lines = [
        load_line(**({"key": text} if column == "id" else {"key": str(number), column: text}))
        for number, (column, text, _) in enumerate(BAD, 100)
    ]
    bronze = loaded(spark, tmp_path, "".join(lines))
    found = {row.key: row for row in bronze.quarantine.collect() if row.key is not None}
    keyless = [row for row in bronze.quarantine.collect() if row.key is None]
    assert sorted(row.reason for row in keyless) == sorted(
        f"id: '{text}' is no bigint" for column, text, _ in BAD if column == "id"
    )
    assert {row.rule for row in keyless} == {"thing.key_present"}
    for number, (column, text, expected) in enumerate(BAD, 100):
        if column != "id":
            assert (found[number].rule, found[number].reason) == ("thing.typed", expected)
            assert text.strip('"') in json.loads(found[number].raw)
    changes = bronze.changes.collect()
    assert sorted(row.id for row in changes) == sorted(found)
    assert {(row._op, row.name, row.amount) for row in changes} == {("Q", None, None)}


def test_reasons_add_up(spark: SparkSession, tmp_path: Path) -> None:
    """A row with several faults names them all, beginning with its clock."""
    line = load_line("5", amount="x", day="y").replace(CLOCK, "yesterday")
    (row,) = loaded(spark, tmp_path, line).quarantine.collect()
    assert row.reason == (
        "timestamp: 'yesterday' is no timestamptz; amount: 'x' is no numeric(12,2); day: 'y' is no date"
    )
    assert (row.entity, row._file.endswith("LOAD00000001.csv.gz")) == ("thing", True)


def test_load_rows_of_the_wrong_width(spark: SparkSession, tmp_path: Path) -> None:
    """Short and long rows are told by Spark's corrupt record, an unclosed quote swallows the rest into one such row."""
    short = load_line("1").rsplit(",", 2)[0] + "\n"
    long = load_line("2").strip() + ",\n"
    bronze = loaded(
        spark, tmp_path, load_line("3") + short + long + "\n\n" + load_line("4") + 'I,"unclosed\n' + load_line("5")
    )
    assert [row.rule for row in bronze.quarantine.collect()] == ["thing.shape"] * 3
    assert [row.id for row in bronze.changes.collect()] == [3, 4]
    assert {row.key for row in bronze.quarantine.collect()} == {None}


def test_transactions_of_several_tables(spark: SparkSession, tmp_path: Path) -> None:
    """Each table takes its own rows of its own width; a key change is two rows; a truncate has no key."""
    text = (
        change_line("I", 1, "1", name="a")
        + f"I,core_narrow,public,{CLOCK},7,note,{'9' * 35},\\N,{stream(2)}\n"
        + change_line("U", 3, "2", old="1", name="b", data=r"\U")
        + change_line("U", 4, "2", name=r"\U")
        + change_line("D", 5, "2")
        + change_line("T", 6, r"\N")
        + f"I,django_site,public,{CLOCK},1\n"
        + change_line("U", 7, "3", old="3", name="same")
    )
    rows = as_text(transactions(spark, tmp_path, text).changes)
    seen = [(r["_op"], r["id"], r["name"], r["_unsent"], r["_old_key"], r["_position"][-1]) for r in rows]
    assert seen == [
        ("I", "1", "a", "[]", None, "1"),
        ("D", "1", None, "[]", None, "3"),
        ("I", "2", "b", "[data]", "1", "3"),
        ("U", "2", None, "[name]", None, "4"),
        ("D", "2", None, "[]", None, "5"),
        ("T", None, None, "[]", None, "6"),
        ("U", "3", "same", "[]", None, "7"),
    ]
    assert rows[0]["_position"] == "0001.1.00000000000000FF.00000001"
    narrow = transactions(spark, tmp_path, text, NARROW)
    assert [(row.id, row.note) for row in narrow.changes.collect()] == [(7, "note")]
    raw = read(spark, tmp_path / "CDC_TXN-1.csv.gz", dms.transaction_schema([THING, NARROW]))
    assert {(r.schema, r.table, r.rows) for r in dms.transaction_tables(raw).collect()} == {
        ("public", "core_thing", 6),
        ("public", "core_narrow", 1),
        ("public", "django_site", 1),
    }


@pytest.mark.usefixtures("ansi")
def test_bad_changes(spark: SparkSession, tmp_path: Path) -> None:
    """Wrong widths, operations, keys and old keys go to quarantine; what is certain (the old key is gone) is kept."""
    good = change_line("I", 1, "1", name="a").strip()
    text = (
        good.replace(stream(1), "x," + stream(1))
        + "\n"  # one cell too many
        + good.replace(",a,", ",")
        + "\n"  # one too few
        + good
        + ",surplus\n"
        + good.replace(stream(1), "not a position")
        + "\n"
        + "I,core_thing,public\n"
        + change_line("X", 2, "2", name="a")
        + change_line("U", 3, "bad", name="a")
        + change_line("U", 4, "4", old="x", name="a")
        + change_line("U", 5, "5", old="50", name="a", amount="NaN")
        + change_line("I", 6, "6", name=r"\U")
        + change_line("U", 7, "7", name="a", count=r"\U")
        + change_line("", 8, "8", name="a")
    )
    bronze = transactions(spark, tmp_path, text)
    rules = [(row.key, row.rule, row.reason) for row in bronze.quarantine.collect()]
    assert rules == [
        *[(None, "thing.shape", "the row has too few or too many cells")] * 5,
        (2, "thing.op_known", "Op: 'X' is none of I, U, D, T"),
        (None, "thing.key_present", "id: 'bad' is no bigint"),
        (4, "thing.typed", "BI_id: 'x' is no bigint"),
        (5, "thing.typed", "amount: 'NaN' is no numeric(12,2)"),
        (6, "thing.typed", "name: not sent"),
        (7, "thing.typed", "count: not sent"),
        (8, "thing.op_known", "Op: '' is none of I, U, D, T"),
    ]
    changes = [(row._op, row.id) for row in bronze.changes.orderBy("_position", "id").collect()]
    assert changes == [("Q", 2), ("Q", 4), ("Q", 5), ("D", 50), ("Q", 6), ("Q", 7), ("Q", 8)]


def test_table_files_with_a_header(spark: SparkSession, tmp_path: Path) -> None:
    """A table's own files are read by their header; another order or name is refused, not swapped."""
    header = f"Op,dms_timestamp,{','.join(THING.column_names)},AR_H_CHANGE_SEQ,BI_id,AR_H_STREAM_POSITION\n"
    line = change_line("U", 1, "2", old="1", name="a").replace(",core_thing,public", "")
    schema = dms.table_schema(THING, "dms_timestamp")
    path = gz(tmp_path / "20260102-030405678.csv.gz", header + line + line.strip() + ",more\n" + "U,cut\n")
    bronze = dms.table_rows(read(spark, path, schema, dms.HEADER_READ_OPTIONS), THING, 1)
    assert [(row._op, row.id, row.name) for row in bronze.changes.orderBy("id").collect()] == [
        ("D", 1, None),
        ("I", 2, "a"),
    ]
    assert [row.rule for row in bronze.quarantine.collect()] == ["thing.shape"] * 2
    swapped = gz(tmp_path / "swapped.csv.gz", header.replace("amount,count", "count,amount") + line)
    with pytest.raises((PySparkException, Py4JJavaError), match="CSV header does not conform"):
        dms.table_rows(read(spark, swapped, schema, dms.HEADER_READ_OPTIONS), THING, 1).changes.collect()


def test_columns_are_found_by_name(spark: SparkSession, tmp_path: Path) -> None:
    """What a file has beyond the contract is left alone, in whatever order; a row that lacks a column is held, a D is not."""
    ends = f"{'9' * 35},\\N,"
    text = "".join(
        f"{op},core_narrow,public,{CLOCK},{cells},{ends}{stream(number)}\n"
        for number, (op, cells) in enumerate((("I", "new,7,a"), ("U", r"\N,8,b"), ("D", r"\N,9,\N")))
    )
    path = gz(tmp_path / "CDC_TXN-1.csv.gz", text)
    more = ("colour", "id", "note")
    bronze = dms.transaction_rows(read(spark, path, dms.transaction_schema([NARROW], 3)), NARROW, 1, more)
    assert [(row._op, row.id, row.note) for row in bronze.changes.orderBy("id").collect()] == [
        ("I", 7, "a"),
        ("U", 8, "b"),
        ("D", 9, None),
    ]
    assert bronze.quarantine.count() == 0
    renamed = ("colour", "id", "words")
    bronze = dms.transaction_rows(read(spark, path, dms.transaction_schema([NARROW], 3)), NARROW, 1, renamed)
    assert [(row._op, row.id) for row in bronze.changes.orderBy("id").collect()] == [("Q", 7), ("Q", 8), ("D", 9)]
    assert {(row.rule, row.reason) for row in bronze.quarantine.collect()} == {
        ("narrow.columns_present", "public.core_narrow had no column note when the row was written")
    }


def test_what_dms_itself_writes(spark: SparkSession, tmp_path: Path) -> None:
    """Without our own columns AR_H_CHANGE_SEQ orders and checks the width; a changed key is one update of the new one."""
    sequence = "2026010203040567" + "1".zfill(19)
    text = f"U,core_narrow,public,{CLOCK},7,note,{sequence}\nU,core_narrow,public,{CLOCK},7,{sequence}\n"
    schema = dms.transaction_schema([NARROW], stream_position=False)
    raw = read(spark, gz(tmp_path / "CDC_TXN-1.csv.gz", text), schema)
    bronze = dms.transaction_rows(raw, NARROW, 2, stream_position=False)
    assert [(row._op, row.id, row._position) for row in bronze.changes.collect()] == [("U", 7, f"0002.1.{sequence}")]
    assert bronze.quarantine.count() == 1


def test_the_session_time_zone_does_not_matter(spark: SparkSession, tmp_path: Path) -> None:
    """Times on the wire are UTC, wherever the session thinks that it is."""
    spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    try:
        row = loaded(spark, tmp_path, load_line(at="2026-03-08 02:30:00")).changes.select(F.unix_seconds("at")).first()
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")
    assert row is not None
    assert row[0] == 1_772_937_000


WHOLE = gzip.compress("".join(load_line(str(number), name=f"n{number * 7919}") for number in range(20_000)).encode())
REFUSED = {
    "cut": WHOLE[: len(WHOLE) // 2],
    "trailer gone": WHOLE[:-8],
    "wrong checksum": WHOLE[:-8] + b"\0\0\0\0" + WHOLE[-4:],
    "wrong length": WHOLE[:-4] + b"\0\0\0\1",
    "garbage behind": WHOLE + b"garbage",
    "plain text": load_line().encode(),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_damaged_gzip_is_refused(spark: SparkSession, tmp_path: Path, body: bytes) -> None:
    """A damaged object fails the read; no part of its rows passes for the whole."""
    path = tmp_path / "LOAD00000001.csv.gz"
    path.write_bytes(body)
    with pytest.raises((PySparkException, Py4JJavaError)):
        dms.load_rows(read(spark, path, dms.load_schema(THING)), THING, 1, 1).changes.count()


def test_what_spark_lets_pass(spark: SparkSession, tmp_path: Path) -> None:
    """Empty objects are no rows, members of a gzip follow each other, a BOM is skipped, bad UTF-8 is replaced."""
    bodies = {
        "empty": b"",
        "nothing": gzip.compress(b""),
        "members": gzip.compress(load_line("1").encode()) + gzip.compress(load_line("2").encode()),
        "bom": gzip.compress(b"\xef\xbb\xbf" + load_line("3").encode()),
        "latin": gzip.compress(load_line("4", name="?").encode().replace(b"?", b"\xff")),
        "no last newline": gzip.compress(load_line("5").strip().encode()),
    }
    for name, body in bodies.items():
        (tmp_path / f"{name}.csv.gz").write_bytes(body)
    changes = dms.load_rows(read(spark, tmp_path, dms.load_schema(THING)), THING, 1, 1).changes
    assert {row.id: row.name for row in changes.collect()} == {1: "", 2: "", 3: "", 4: "\ufffd", 5: ""}
