"""Every behaviour of the TableFormat Protocol, on both formats, Hudi in both table types."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_core.errors import (
    ClockBehind,
    CommitUnknown,
    ContractBroken,
    MergeOnReadLacking,
    TableMissing,
    UnknownFormat,
)
from lakehouse_core.ports import Table, TableFormat
from lakehouse_core.tables import delta, format_named, frames, hudi
from lakehouse_core.tables.hudi_java import HudiJava, instant_of

pytestmark = pytest.mark.spark

SCHEMA = "id bigint, _position string, _op string, value string, amount decimal(12,2), _unsent array<string>"
FIRST = [(1, "0010", "I", "a", None, []), (2, "0010", "I", "b", None, ["value"]), (3, "0010", "I", "c", None, [])]


@pytest.fixture
def table(tmp_path: Path, variant: Any) -> Table:
    """A table that is not there yet."""
    location = (tmp_path / "order").as_uri()
    return Table("order", "silver", location, key="id", ordering="_position", merge_on_read=variant.merge_on_read)


def rows(spark: SparkSession, *values: tuple[object, ...]) -> DataFrame:
    """Rows (id, position, op, value); the amount is a hundred-and-a-quarter, nothing is unsent."""
    padded = [value if len(value) == 6 else (*value, None, []) for value in values]
    frame = spark.createDataFrame(padded, SCHEMA)
    return frame.withColumn("amount", frame["id"].cast("decimal(10,0)") + frame["id"].cast("decimal(3,0)") / 4)


def seen(frame: DataFrame) -> list[tuple[object, ...]]:
    """What the tests compare: (id, position, op, value) in key order."""
    return [tuple(row) for row in frame.orderBy("id").select("id", "_position", "_op", "value").collect()]


def test_a_table_that_was_never_written_is_named(tables: TableFormat, table: Table, spark: SparkSession) -> None:
    """Reading, merging into or listing a missing table raises TableMissing, and it does not exist."""
    assert not tables.exists(table)
    for action in (
        lambda: tables.read(table),
        lambda: tables.history(table),
        lambda: tables.merge(table, rows(spark, (1, "0001", "I", "x"))),
        lambda: tables.changes_since(table, "0"),
        lambda: tables.optimize(table),
        lambda: tables.read_optimized(table),
        lambda: tables.compact(table),
    ):
        with pytest.raises(TableMissing, match="order"):
            action()


def test_overwrite_creates_then_replaces(tables: TableFormat, table: Table, spark: SparkSession) -> None:
    """An overwrite creates the table, a second one leaves only its own rows."""
    tables.overwrite(table, rows(spark, *FIRST))
    assert tables.exists(table)
    tables.overwrite(table, rows(spark, (9, "0020", "I", "z")))
    assert seen(tables.read(table)) == [(9, "0020", "I", "z")]


def mart(tmp_path: Path) -> Table:
    """A table without an ordering, as marts are."""
    return Table("mart", "gold", (tmp_path / "mart").as_uri(), key="id")


def test_a_patch_writes_and_removes_in_one_commit(tables: TableFormat, tmp_path: Path, spark: SparkSession) -> None:
    """Of a table without an ordering: rows that are new, others and gone, again and again; what was is still readable."""
    table = mart(tmp_path)
    first = tables.overwrite(table, rows(spark, *FIRST))
    gone = F.col("_op") == "D"
    patch = rows(
        spark, (1, "0001", "I", "other"), (2, "0002", "D", None), (7, "0001", "I", "new"), (8, "0001", "D", None)
    )
    second = tables.patch(table, patch.withColumn("gone", gone), "gone")
    assert tables.last(table) == second
    assert [commit.id for commit in tables.history(table)] == [first.id, second.id]
    assert seen(tables.read(table)) == [(1, "0001", "I", "other"), (3, "0010", "I", "c"), (7, "0001", "I", "new")]
    assert tables.read(table).columns == rows(spark, *FIRST).columns
    tables.patch(table, rows(spark, (2, "0000", "I", "again"), (3, "0000", "D", "")).withColumn("gone", gone), "gone")
    assert [row[0] for row in seen(tables.read(table))] == [1, 2, 7]
    assert seen(tables.read_as_of(table, first.id)) == [tuple(row[:4]) for row in FIRST]
    tables.overwrite(table, rows(spark, (9, "0020", "I", "z")))
    assert seen(tables.read(table)) == [(9, "0020", "I", "z")]
    assert tables.read(table).columns == rows(spark, *FIRST).columns


def test_a_patch_that_does_not_fit_is_refused(tables: TableFormat, tmp_path: Path, spark: SparkSession) -> None:
    """A patch without a column of the table, of another type, or with two rows for a key changes nothing."""
    table = mart(tmp_path)
    with pytest.raises(TableMissing, match="mart"):
        tables.patch(table, rows(spark, *FIRST).withColumn("gone", F.lit(col=False)), "gone")
    before = tables.overwrite(table, rows(spark, *FIRST))
    marked = rows(spark, *FIRST).withColumn("gone", F.lit(col=False))
    for frame, word in (
        (marked.drop("value"), "value string"),
        (marked.withColumn("value", F.lit(1)), "int was given"),
        (marked.drop("gone"), "gone"),
        (marked.union(marked.where("id = 2")), "id = 2"),
    ):
        with pytest.raises(ContractBroken, match=word):
            tables.patch(table, frame, "gone")
    assert tables.last(table) == before


def test_a_patch_of_a_clustered_table(
    tables: TableFormat, tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows lie by group in files of their own: a patch of one group leaves the other groups' files as they are."""
    monkeypatch.setitem(hudi._CLUSTERED, "hoodie.parquet.max.file.size", "1")
    monkeypatch.setitem(delta._CLUSTERED, "maxRecordsPerFile", "50")
    table = replace(mart(tmp_path), key="key", clustered=True)
    day = F.date_format(F.date_add(F.lit("2026-01-01").cast("date"), (F.col("id") / 50).cast("int")), "yyyyMMdd")
    frame = spark.range(400).select(F.concat_ws("-", day, "id").alias("key"), "id", F.lit("old").alias("value"))
    tables.overwrite(table, frame.repartition(3))
    before = set(tables.read(table).inputFiles())
    new = spark.createDataFrame([("20260108-399", 399, "new"), ("20260108-400", 400, "new")], frame.schema)
    gone = spark.createDataFrame([("20260108-398", 398, "old")], frame.schema)
    marked = new.withColumn("gone", F.lit(col=False)).union(gone.withColumn("gone", F.lit(col=True)))
    tables.patch(table, marked, "gone")
    found = {row.id: row.value for row in tables.read(table).collect()}
    assert found == dict.fromkeys(range(398), "old") | {399: "new", 400: "new"}
    kept = before & set(tables.read(table).inputFiles())
    assert len(before) > 1
    assert len(before - kept) == 1
    files = [Path(urlsplit(file).path) for file in tables.read(table).inputFiles()]
    assert frames.stored_bytes(tables.read(table)) == sum(file.stat().st_size for file in files)
    tables.overwrite(table, frame)
    assert tables.read(table).count() == 400


def test_only_a_row_that_is_not_older_wins(tables: TableFormat, table: Table, spark: SparkSession) -> None:
    """A late row changes nothing; equal and greater positions replace; a new key is inserted whatever its position."""
    tables.overwrite(table, rows(spark, *FIRST))
    tables.merge(
        table,
        rows(
            spark, (1, "0009", "U", "late"), (2, "0010", "U", "equal"), (3, "0011", "U", "newer"), (4, "0001", "I", "d")
        ),
    )
    assert seen(tables.read(table)) == [
        (1, "0010", "I", "a"),
        (2, "0010", "U", "equal"),
        (3, "0011", "U", "newer"),
        (4, "0001", "I", "d"),
    ]


def test_a_tombstone_outlives_a_late_update(tables: TableFormat, table: Table, spark: SparkSession) -> None:
    """A delete is a row with NULLs; an update from before it does not bring the key back."""
    tables.overwrite(table, rows(spark, *FIRST))
    tables.merge(table, rows(spark, (1, "0020", "D", None)))
    tables.merge(table, rows(spark, (1, "0015", "U", "late")))
    assert seen(tables.read(table))[0] == (1, "0020", "D", None)


def test_merges_find_every_row_of_a_full_load(tables: TableFormat, table: Table, spark: SparkSession) -> None:
    """Over several buckets and many merges each key stays one row, and untouched rows keep every value."""
    wide = replace(table, rows_hint=700_000)
    load = spark.range(3000).selectExpr(
        "id",
        "'0010' _position",
        "'I' _op",
        "cast(id as string) value",
        "cast(id + 0.25 as decimal(12,2)) amount",
        "if(id % 2 = 0, array('a', null), array()) _unsent",
    )
    tables.overwrite(wide, load)
    for step in (1, 2):
        part = load.where(f"id % 5 = {step}").withColumn("_position", load["value"] * 0 + 20 + step)
        tables.merge(wide, part.withColumn("_position", part["_position"].cast("int").cast("string")))
    stored = tables.read(wide)
    assert stored.count() == 3000
    assert stored.drop("_position").exceptAll(load.drop("_position")).count() == 0
    assert stored.where("_position in ('21', '22')").count() == 1200


def test_every_type_survives(tables: TableFormat, table: Table, spark: SparkSession) -> None:
    """Extreme times, decimals, empty and NULL arrays, structs and maps read back as written, merged or not."""
    frame = spark.sql(
        """
        select id, '0001' _position, cast(-1.25 as decimal(12,2)) small, cast(1e20 as decimal(38,10)) large,
          case id when 1 then timestamp'0001-01-01 00:00:00' when 2 then timestamp'9999-12-31 23:59:59.999999'
                  when 3 then timestamp'1582-10-10 01:02:03.123456' end at,
          case id when 1 then date'0001-01-01' when 2 then date'9999-12-31' end day,
          id % 2 = 0 flag, cast(null as string) nothing, '' empty, array('a', 'b') tags, array('a', null) gaps,
          cast(null as array<string>) no_tags, cast(array() as array<string>) empty_tags,
          named_struct('x', 1, 'y', array(named_struct('z', cast(null as string)))) nested, map('k', id) pairs,
          cast(id as int) whole, cast(id as double) / 3 fraction
        from range(5)
        """
    )
    tables.overwrite(table, frame)
    tables.merge(table, frame.where("id < 3"))
    stored = tables.read(table)
    assert [(f.name, f.dataType.simpleString()) for f in stored.schema] == [
        (f.name, f.dataType.simpleString()) for f in frame.schema
    ]
    assert stored.selectExpr("to_json(struct(*)) j").exceptAll(frame.selectExpr("to_json(struct(*)) j")).count() == 0
    assert stored.count() == 5


def test_time_travel_and_history(tables: TableFormat, table: Table, spark: SparkSession) -> None:
    """Each commit can be read as it stood, history lists them in order with UTC times, unknown ones are named."""
    start = datetime.now(UTC)
    first = tables.overwrite(table, rows(spark, *FIRST))
    second = tables.merge(table, rows(spark, (1, "0020", "U", "new")))
    third = tables.overwrite(table, rows(spark, (5, "0030", "I", "only")))
    assert tables.history(table) == [first, second, third]
    assert start - timedelta(seconds=1) < first.at <= second.at <= third.at < datetime.now(UTC) + timedelta(seconds=1)
    assert [row[3] for row in seen(tables.read_as_of(table, first.id))] == ["a", "b", "c"]
    assert [row[3] for row in seen(tables.read_as_of(table, second.id))] == ["new", "b", "c"]
    assert [row[3] for row in seen(tables.read_as_of(table, third.id))] == ["only"]
    with pytest.raises(CommitUnknown, match="there are 3"):
        tables.read_as_of(table, "19990101000000000")


def test_changes_since_a_commit(tables: TableFormat, table: Table, spark: SparkSession) -> None:
    """Only rows that a later commit wrote, in their current state; a row that the guard kept is not among them."""
    first = tables.overwrite(table, rows(spark, *FIRST))
    tables.merge(table, rows(spark, (1, "0020", "U", "once"), (2, "0005", "U", "late")))
    second = tables.merge(table, rows(spark, (1, "0021", "U", "twice"), (4, "0021", "I", "d")))
    assert [row[3] for row in seen(tables.changes_since(table, first.id))] == ["twice", "d"]
    assert seen(tables.changes_since(table, second.id)) == []
    assert set(tables.changes_since(table, first.id).columns) == set(tables.read(table).columns)


def test_cleaning_keeps_the_last_commits(tables: TableFormat, table: Table, spark: SparkSession) -> None:
    """After a clean the kept commits can be read, older ones are refused, and merges go on."""
    tables.overwrite(table, rows(spark, *FIRST))
    commits = [tables.merge(table, rows(spark, (1, f"00{n}", "U", f"v{n}"))) for n in range(20, 24)]
    tables.clean(table, 9)
    assert len(tables.history(table)) == 5
    tables.clean(table, 2)
    kept = tables.history(table)
    assert kept[-2:] == commits[-2:]
    assert len(kept) == 2 + table.merge_on_read  # Hudi keeps one more commit of such tables
    assert [row[3] for row in seen(tables.read_as_of(table, commits[-2].id))] == ["v22", "b", "c"]
    with pytest.raises(CommitUnknown):
        tables.read_as_of(table, commits[0].id)
    tables.merge(table, rows(spark, (1, "0030", "U", "after")))
    assert [row[3] for row in seen(tables.read(table))] == ["after", "b", "c"]


def test_cleaning_deletes_files(
    tables: TableFormat, table: Table, spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that no kept commit needs are gone from the store."""
    monkeypatch.setattr(delta, "_retention_hours", lambda _: 0)  # an hour is long for a test
    for n in range(4):
        tables.overwrite(table, rows(spark, (1, f"000{n}", "I", f"v{n}")))
    before = len(list((tmp_path / "order").glob("*.parquet")))
    tables.clean(table, 1)
    assert len(list((tmp_path / "order").glob("*.parquet"))) < before
    assert [row[3] for row in seen(tables.read(table))] == ["v3"]


def test_a_dropped_table_leaves_no_file(tables: TableFormat, table: Table, spark: SparkSession, tmp_path: Path) -> None:
    """No version of it, and no log: written again it has one commit, and the rows of that alone."""
    tables.drop(table)
    tables.overwrite(table, rows(spark, *FIRST))
    tables.merge(table, rows(spark, (1, "0020", "U", "later")))
    tables.drop(table)
    assert not (tmp_path / "order").exists()
    assert not tables.exists(table)
    commit = tables.overwrite(table, rows(spark, (9, "0001", "I", "alone")))
    assert tables.history(table) == [commit]
    assert [row[3] for row in seen(tables.read(table))] == ["alone"]
    tables.merge(table, rows(spark, (9, "0002", "U", "after")))
    assert [row[3] for row in seen(tables.read(table))] == ["after"]


def test_an_empty_frame_is_a_table(tables: TableFormat, table: Table, spark: SparkSession) -> None:
    """A table can be created empty, merged into, and emptied."""
    none = rows(spark, *FIRST).limit(0)
    tables.overwrite(table, none)
    assert seen(tables.read(table)) == []
    tables.merge(table, rows(spark, *FIRST))
    tables.merge(table, none)
    assert len(seen(tables.read(table))) == 3
    tables.overwrite(table, none)
    assert seen(tables.read(table)) == []


def test_a_frame_without_key_or_ordering_is_refused(tables: TableFormat, table: Table, spark: SparkSession) -> None:
    """The error names the column that is missing; a table without ordering cannot be merged into."""
    tables.overwrite(table, rows(spark, *FIRST))
    with pytest.raises(ContractBroken, match="_position"):
        tables.merge(table, rows(spark, *FIRST).drop("_position"))
    with pytest.raises(ContractBroken, match="id"):
        tables.overwrite(table, rows(spark, *FIRST).drop("id"))
    with pytest.raises(ContractBroken, match="no ordering"):
        tables.merge(replace(table, ordering=None), rows(spark, *FIRST))


def test_a_later_column_is_added(tables: TableFormat, table: Table, spark: SparkSession) -> None:
    """A merge may bring a new column (NULL in older rows); an overwrite may drop one."""
    tables.overwrite(table, rows(spark, *FIRST))
    tables.merge(table, rows(spark, (1, "0020", "U", "x")).selectExpr("*", "'new' extra"))
    assert [row.extra for row in tables.read(table).orderBy("id").collect()] == ["new", None, None]
    tables.overwrite(table, rows(spark, *FIRST).drop("value"))
    assert "value" not in tables.read(table).columns


def test_optimizing_keeps_every_row(tables: TableFormat, table: Table, spark: SparkSession) -> None:
    """A table laid out for another size is rewritten with the same rows; a second time there is nothing to do."""
    sparse = replace(table, rows_hint=900_000)
    tables.overwrite(sparse, rows(spark, *FIRST).repartition(3))
    before = seen(tables.read(table))
    assert tables.optimize(table) is not None
    assert seen(tables.read(table)) == before
    assert tables.optimize(table) is None
    tables.merge(table, rows(spark, (1, "0020", "U", "x"), (7, "0020", "I", "g")))
    assert [row[3] for row in seen(tables.read(table))] == ["x", "b", "c", "g"]


def test_a_frame_that_does_not_fit_is_refused(tables: TableFormat, table: Table, spark: SparkSession) -> None:
    """A merge without a stored column, or with one in another type, names the column and both types; nothing is written."""
    first = tables.overwrite(table, rows(spark, *FIRST))
    with pytest.raises(ContractBroken, match=r"value string \(missing\)"):
        tables.merge(table, rows(spark, (1, "0020", "U", "x")).drop("value"))
    with pytest.raises(ContractBroken, match=r"amount decimal\(\d+,\d+\) \(double was given\)"):
        tables.merge(table, rows(spark, (1, "0020", "U", "x")).withColumn("amount", F.lit(1.5)))
    assert tables.history(table) == [first]


def test_two_rows_for_a_key_are_refused(tables: TableFormat, table: Table, spark: SparkSession) -> None:
    """Whether the key is stored or new, at one position or two: the error names it, and nothing is written."""
    first = tables.overwrite(table, rows(spark, *FIRST))
    for twice in (((2, "0020", "U", "x"), (2, "0021", "U", "y")), ((7, "0020", "I", "x"), (7, "0020", "I", "y"))):
        with pytest.raises(ContractBroken, match=f"two rows for key id = {twice[0][0]}; expected one row per key"):
            tables.merge(table, rows(spark, (1, "0020", "U", "z"), *twice))
    assert tables.history(table) == [first]
    tables.merge(table, rows(spark, (1, "0020", "U", "z")))
    assert [row[3] for row in seen(tables.read(table))] == ["z", "b", "c"]


def test_reading_optimized_sees_the_last_compaction(tables: TableFormat, table: Table, spark: SparkSession) -> None:
    """Merged-on-read tables show merges only once they are compacted, others always; a compaction changes no row."""
    tables.overwrite(table, rows(spark, *FIRST))
    tables.merge(table, rows(spark, (1, "0020", "U", "new"), (2, "0005", "U", "late"), (4, "0020", "I", "d")))
    tables.merge(table, rows(spark, (1, "0019", "U", "late"), (3, "0020", "D", None)))
    current = [(1, "0020", "U", "new"), (2, "0010", "I", "b"), (3, "0020", "D", None), (4, "0020", "I", "d")]
    assert seen(tables.read(table)) == current
    before = seen(tables.read_optimized(table))
    assert [row[:2] for row in before] == (
        [(1, "0010"), (2, "0010"), (3, "0010")] if table.merge_on_read else [r[:2] for r in current]
    )
    latest = tables.history(table)[-1]
    compacted = tables.compact(table)
    assert (compacted is not None) == table.merge_on_read
    assert seen(tables.read(table)) == seen(tables.read_optimized(table)) == current
    assert seen(tables.changes_since(table, latest.id)) == []
    assert seen(tables.read_as_of(table, latest.id)) == current
    assert tables.compact(table) is None
    tables.merge(table, rows(spark, (1, "0030", "U", "newest")))
    assert seen(tables.read(table))[0] == (1, "0030", "U", "newest")
    assert tables.read(table).where("amount = id * 1.25").count() == 4


@pytest.mark.parametrize("merge_on_read", [False, True])
def test_a_clock_that_is_behind_is_refused_by_hudi(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, merge_on_read: bool
) -> None:
    """Its readers see the commit with the greatest time: what a clock that was set back wrote would be hidden."""
    tables = format_named("hudi", spark)
    table = Table("order", "silver", (tmp_path / "order").as_uri(), "id", "_position", merge_on_read=merge_on_read)
    tables.overwrite(table, rows(spark, *FIRST))
    for write in (tables.merge, tables.overwrite):
        with monkeypatch.context() as set_back:
            set_back.setattr(HudiJava, "now", lambda _: instant_of(1_700_000_000_000))
            with pytest.raises(ClockBehind, match=r"s behind the newest commit of table order \(20"):
                write(table, rows(spark, (1, "0020", "U", "hidden")))
        assert seen(tables.read(table)) == [
            (number, "0010", "I", value) for number, value in ((1, "a"), (2, "b"), (3, "c"))
        ]
    tables.merge(table, rows(spark, (1, "0020", "U", "seen")))
    assert seen(tables.read(table))[0] == (1, "0020", "U", "seen")


def test_delta_has_no_merge_on_read(spark: SparkSession, tmp_path: Path) -> None:
    """A table declared so is refused by name before anything is written."""
    tables = format_named("delta", spark)
    table = Table("order", "silver", (tmp_path / "order").as_uri(), "id", "_position", merge_on_read=True)
    with pytest.raises(MergeOnReadLacking, match="order"):
        tables.overwrite(table, rows(spark, *FIRST))
    assert not tables.exists(table)


def test_an_unknown_format_is_named(spark: SparkSession) -> None:
    """The error lists the formats that exist."""
    with pytest.raises(UnknownFormat, match="hudi, delta"):
        format_named("iceberg", spark)
