"""Order-independence: the same changes split, permuted, repeated and delayed end in the same state."""

import random
from collections.abc import Iterable
from typing import Any

from change_model import ITEM, SCHEMA, Change, Source, at, frame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_core import cdc
from lakehouse_core.bronze import Bronze
from lakehouse_core.flow import TakeIn, take_in

WORLDS = 120
STATEMENTS = 14
BATCHES = 3
BASE_SCHEMA = (
    "id bigint, count int, note string, data string, _op string, _position string, _business_time timestamp, "
    "_unsent array<string>, _old_key bigint"
)
Unit = tuple[Change, ...]


def bronze(spark: SparkSession, units: Iterable[Unit]) -> Bronze:
    """What the bronze reader gives for such raw rows; one unit is one raw row."""
    units = list(units)
    rows = [
        (last.op, at(last.sequence), last.sequence, last.old_key, "item.typed" if last.op == "Q" else None)
        for *_, last in units
    ]
    schema = "_op string, _position string, _business_time int, _old_key bigint, _rule string"
    parsed = spark.createDataFrame(rows, schema).withColumn("_business_time", F.timestamp_seconds("_business_time"))
    changes = frame(spark, [change for unit in units for change in unit]).cache() if units else empty(spark)
    return Bronze(parsed, changes, parsed.where("_rule is not null"))


def empty(spark: SparkSession) -> DataFrame:
    """No changes."""
    return spark.createDataFrame([], SCHEMA)


def copied(rows: DataFrame) -> list[Any]:
    """The rows, out of Spark, so that the next batch does not compute this one again."""
    return rows.collect()


class Lake:
    """A base table and its log, merged as a table format merges: a lower position changes nothing."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        self.base: dict[int, Any] = {}
        self.log: list[Any] = []
        self.floor: str | None = None

    def take(self, units: Iterable[Unit]) -> TakeIn:
        """Take a batch in."""
        stored = self.spark.createDataFrame(list(self.base.values()), BASE_SCHEMA).cache() if self.base else None
        log = self.spark.createDataFrame(self.log, SCHEMA).cache() if self.base else None
        taken = take_in(ITEM, bronze(self.spark, units), stored, log, self.floor, clean=lambda rows: rows)
        for row in copied(taken.rows):
            if row.id not in self.base or row._position >= self.base[row.id]._position:
                self.base[row.id] = row
        self.log += copied(taken.log)
        self.floor = taken.floor
        return taken

    def state(self) -> dict[int, tuple[Any, ...]]:
        """The readable rows."""
        return {key: (row["count"], row.note, row.data) for key, row in self.base.items() if row._op in ("I", "U")}


def histories(dice: random.Random) -> tuple[list[Unit], dict[int, tuple[Any, ...]]]:
    """The changes of many small worlds with up to two truncates of them all, and the state that they end in."""
    worlds = [Source(dice, 10 * number) for number in range(WORLDS)]
    truncates = set(dice.sample(range(1, STATEMENTS), dice.choice((0, 1, 2))))
    for sequence in range(STATEMENTS):
        for world in worlds:
            if sequence in truncates:
                world.truncate()
            else:
                world.statement(sequence)
    units = [unit for world in worlds for unit in world.units]
    units += [(Change("T", sequence),) for sequence in truncates]
    return units, {key: row for world in worlds for key, row in world.state().items()}


def delivered(dice: random.Random, units: list[Unit]) -> list[list[Unit]]:
    """The changes cut into batches: some in order, some late, some twice."""
    batches: list[list[Unit]] = [[] for _ in range(BATCHES)]
    for unit in units:
        in_order = unit[0].sequence * BATCHES // STATEMENTS
        place = in_order if dice.random() < 0.6 else dice.randrange(BATCHES)
        for each in {place, *([dice.randrange(BATCHES)] if dice.random() < 0.2 else [])}:
            batches[each].append(unit)
    for batch in batches:
        dice.shuffle(batch)
    return batches


@settings(max_examples=2, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_order_independence(spark: SparkSession, seed: int) -> None:
    """However the changes of 120 small tables arrive, the lake ends where the source ended; and so does one fold."""
    dice = random.Random(seed)  # noqa: S311 - it makes test data
    units, expected = histories(dice)
    lake = Lake(spark)
    for batch in delivered(dice, units):
        lake.take(batch)
    assert lake.state() == expected

    log = spark.createDataFrame(lake.log, SCHEMA)
    floor = cdc.Floor(lake.floor) if lake.floor else None
    folded = {row.id: row for row in cdc.fold(log, ITEM, floor).collect()}
    compared = ("count", "note", "data", "_op", "_position", "_unsent", "_old_key")
    assert {key: [row[name] for name in compared] for key, row in folded.items()} == {
        key: [row[name] for name in compared] for key, row in lake.base.items()
    }
    last = cdc.versions(log, ITEM).groupBy("id").agg(F.max_by("_op", "_position").alias("op")).collect()
    assert {row.id for row in last if row.op in ("I", "U")} == set(expected)


def test_in_order_batches_never_need_the_log(spark: SparkSession) -> None:
    """Changes that come in order are taken in without the log, key changes and unsent columns included."""
    dice = random.Random(7)  # noqa: S311 - it makes test data
    worlds = [Source(dice, 10 * number) for number in range(WORLDS)]
    for sequence in range(STATEMENTS):
        for world in worlds:
            world.statement(sequence)
    units = [unit for world in worlds for unit in world.units if unit[0].op != "Q"]
    keys_in_doubt = {unit[0].id // 10 for world in worlds for unit in world.units if unit[0].op == "Q"}
    units = [unit for unit in units if unit[0].id // 10 not in keys_in_doubt]
    lake = Lake(spark)
    for half in (0, 1):
        batch = [unit for unit in units if unit[0].sequence * 2 // STATEMENTS == half]
        if half:
            lake.log = [None]  # whoever looks at it fails
        stored = spark.createDataFrame(list(lake.base.values()), BASE_SCHEMA) if lake.base else None
        taken = take_in(ITEM, bronze(spark, batch), stored, None, None, clean=lambda rows: rows)
        lake.base |= {row.id: row for row in copied(taken.rows)}
    assert lake.state() == {
        key: row for world in worlds if world.base // 10 not in keys_in_doubt for key, row in world.state().items()
    }
