"""What a batch means for a table: the account, reloads, truncates, and sessions that events change."""

from dataclasses import astuple
from typing import Any

import pytest
from change_model import ITEM, SCHEMA, Change, at, frame
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_core.bronze import Bronze
from lakehouse_core.contracts import CONTRACTS, Phase, position
from lakehouse_core.errors import RowsLost
from lakehouse_core.flow import TakeIn, take_in
from lakehouse_core.silver import event

EVENT = CONTRACTS["event"]


def as_is(rows: DataFrame) -> DataFrame:
    """A clean function that derives nothing."""
    return rows


def bronze(spark: SparkSession, changes: list[Change], raw: list[tuple[Any, ...]]) -> Bronze:
    """The batch; ``raw`` is one (op, old key, rule) per raw row."""
    truncates = (change.sequence for change in changes if change.op == "T")
    rows = [(op, next(truncates) if op == "T" else None, *rest) for op, *rest in raw]
    schema = "_op string, _business_time int, _old_key bigint, _rule string"
    parsed = spark.createDataFrame(
        [(at(row[1]) if row[1] else None, *row) for row in rows], f"_position string, {schema}"
    )
    parsed = parsed.withColumn("_business_time", F.timestamp_seconds("_business_time"))
    return Bronze(parsed, frame(spark, changes) if changes else spark.createDataFrame([], SCHEMA), parsed)


def outcome(taken: TakeIn) -> dict[int, tuple[Any, ...]]:
    """Key -> (op, position, count, seconds) of the rows to merge."""
    rows = taken.rows.withColumn("seconds", F.unix_seconds("_business_time")).collect()
    return {row.id: (row._op, row._position, row["count"], row.seconds) for row in rows}


def test_first_batch(spark: SparkSession) -> None:
    """Where nothing is stored, the changes are the rows; a quarantined row without a key counts too."""
    batch = bronze(
        spark, [Change("I", 1, 1, 1), Change("Q", 2, 2)], [("I", None, None), ("Q", None, "r"), (None, None, "r")]
    )
    taken = take_in(ITEM, batch, None, None, None, clean=as_is)
    assert astuple(taken.counts) == (3, 1, 0, 2, 0)
    assert outcome(taken) == {1: ("I", at(1), 1, 1), 2: ("Q", at(2), None, 2)}
    assert (taken.floor, taken.log.count()) == (None, 2)


def test_truncate_then_late_change(spark: SparkSession) -> None:
    """A truncate counts as the keys it removed; what comes late below it is superseded, dated as the truncate."""
    stored = frame(spark, [Change("I", 1, 1, 1), Change("I", 2, 2, 2), Change("D", 3, 3), Change("Q", 3, 4)]).drop(
        "_file"
    )
    truncate = bronze(
        spark,
        [Change("T", 5), Change("I", 6, 1, 6), Change("I", 4, 9, 4)],
        [("T", None, None), ("I", None, None), ("I", None, None)],
    )
    taken = take_in(ITEM, truncate, stored, frame(spark, [Change("I", 1, 1, 1)]), None, clean=as_is)
    assert astuple(taken.counts) == (5, 1, 3, 0, 1)
    gone = ("D", at(5), None, 5)
    assert outcome(taken) == {1: ("I", at(6), 6, 6), 2: gone, 3: gone, 4: gone, 9: gone}
    assert taken.floor == at(5)

    late = bronze(spark, [Change("U", 3, 7, 3)], [("U", None, None)])
    after = take_in(ITEM, late, taken.rows, taken.log, taken.floor, clean=as_is)
    assert astuple(after.counts) == (1, 0, 0, 0, 1)
    assert outcome(after) == {7: gone}


def test_reload(spark: SparkSession) -> None:
    """A new epoch's load deletes the keys that it lacks, and says so in the log; an empty one deletes all."""
    stored = frame(spark, [Change("I", 1, 1, 1), Change("I", 2, 2, 2)]).drop("_file")
    log = frame(spark, [Change("I", 1, 1, 1), Change("I", 2, 2, 2)])
    start = position(2, Phase.LOAD, 0, 0)
    snapshot = position(2, Phase.LOAD, 77, 0)
    loading = bronze(spark, [Change("I", 9, 1, 9)], [("I", None, None)])
    loading = Bronze(loading.parsed, loading.changes.withColumn("_position", F.lit(snapshot)), loading.quarantine)
    taken = take_in(ITEM, loading, stored, log, start, clean=as_is)
    assert astuple(taken.counts) == (3, 1, 2, 0, 0)
    assert outcome(taken) == {1: ("I", snapshot, 9, 9), 2: ("D", start, None, 9)}
    assert {(row._op, row._position) for row in taken.log.collect()} == {("I", snapshot), ("T", start)}
    nothing = take_in(ITEM, bronze(spark, [], []), stored, log, start, clean=as_is)
    assert {key: row[:2] for key, row in outcome(nothing).items()} == {1: ("D", start), 2: ("D", start)}


def test_lost_rows_are_an_error(spark: SparkSession) -> None:
    """An account that does not add up stops the batch."""
    batch = bronze(spark, [Change("I", 1, 1, 1)], [("I", None, None), ("I", None, None)])
    with pytest.raises(RowsLost, match="item: read is not"):
        take_in(ITEM, batch, None, None, None, clean=as_is)


def events(spark: SparkSession, rows: list[tuple[str, int, int | None, str | None]], sequence: int) -> Bronze:
    """A batch of events: (op, id, minute, visitor)."""
    raw = spark.createDataFrame(rows, "_op string, id bigint, minute int, anonymous_id string")
    made = {
        "tenant_id": F.when(F.col("anonymous_id").isNotNull(), 1),
        "occurred_at": F.timestamp_seconds(F.col("minute") * 60),
        "_position": F.lit(at(sequence)),
        "_business_time": F.timestamp_seconds(F.lit(sequence)),
        "_unsent": F.array(),
    }
    frame_ = raw.withColumns(made)
    typed = [
        (F.col(c.name) if c.name in frame_.columns else F.lit(None)).cast(c.spark_type).alias(c.name)
        for c in EVENT.columns
    ]
    envelope = [
        "_op",
        "_position",
        "_business_time",
        F.col("_unsent").cast("array<string>").alias("_unsent"),
        F.lit(None).cast("bigint").alias("_old_key"),
        F.lit("f").alias("_file"),
    ]
    changes = frame_.select(*typed, *envelope)
    nothing = {"_old_key": "bigint", "_rule": "string"}
    parsed = frame_.select(
        "_op", "_position", "_business_time", *(F.lit(None).cast(kind).alias(name) for name, kind in nothing.items())
    )
    return Bronze(parsed, changes, parsed)


def test_sessions_follow_late_and_deleted_events(spark: SparkSession) -> None:
    """An event that bridges two sessions re-keys the stored ones behind it, a delete parts them; nobody else's move."""
    first = take_in(
        EVENT,
        events(spark, [("I", 1, 0, "a"), ("I", 2, 50, "a"), ("I", 3, 0, "b"), ("I", 4, 100, "a")], 1),
        None,
        None,
        None,
        clean=as_is,
        sessions=event.sessions,
    )
    base = {row.id: row for row in first.rows.collect()}
    assert len({row.session_id for row in base.values()}) == 4
    schema = first.rows.schema

    def take(rows: list[tuple[str, int, int | None, str | None]], sequence: int) -> dict[int, Any]:
        stored = spark.createDataFrame(list(base.values()), schema)
        batch = events(spark, rows, sequence)
        taken = take_in(EVENT, batch, stored, batch.changes, None, clean=as_is, sessions=event.sessions)
        found = {row.id: row for row in taken.rows.select(*schema.names).collect()}
        base.update(found)
        return found

    bridged = take([("I", 5, 25, "a")], 2)
    assert sorted(bridged) == [2, 5]
    assert (bridged[2].session_id, bridged[2].session_seq, bridged[2]._position) == (base[1].session_id, 3, at(1))
    parted = take([("D", 5, None, None)], 3)
    assert sorted(parted) == [2, 5]
    assert (parted[2].session_seq, parted[5].session_id, parted[5]._op) == (1, None, "D")
    moved = take([("U", 2, 20, "b")], 4)
    assert sorted(moved) == [2]
    assert (moved[2].session_id, moved[2].session_seq) == (base[3].session_id, 2)
