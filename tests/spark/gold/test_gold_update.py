"""A mart that is brought up to date slice by slice is the mart computed whole, day after day."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest
from gold_days import Business, Row, begun, moved_away, together
from gold_support import VERSIONED, VIEWS, silver
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType, TimestampType

from lakehouse_core.contracts import contract
from lakehouse_core.gold import MARTS, Mart
from lakehouse_core.gold.keys import MART_KEY, keyed
from lakehouse_core.gold.slices import Changed
from lakehouse_core.gold.update import GONE, renewed, slices_of, touched

SLICED = [mart for mart in MARTS if mart.slices]
CUSTOMERS = 24
TRUNK = ("revenue_daily", "fact_order_line")
SOME = [pytest.param(each, id=each.name, marks=[] if each.name in TRUNK else [pytest.mark.wide]) for each in SLICED]
_VERSION_FIELDS = [
    StructField("_op", StringType()),
    StructField("_position", StringType()),
    StructField("_business_time", TimestampType()),
]


@dataclass(frozen=True)
class Stand:
    """The inputs of the marts at one moment."""

    as_of: datetime
    tables: Mapping[str, list[Row]]
    frames: Mapping[str, DataFrame]

    @classmethod
    def of(cls, spark: SparkSession, business: Business) -> "Stand":
        """Frames of the business as it stands."""

        def frame(table: str, entity: str, more: list[StructField]) -> DataFrame:
            fields = [StructField(each.name, each.dataType) for each in contract(entity).spark_schema.fields]
            return spark.createDataFrame(business.tables[table], StructType([*fields, *more])).coalesce(1)

        views = {view: silver(view, frame(contract(view).table, view, [])) for view in VIEWS}
        versions = {f"{name}_version": frame(f"{name}_version", name, _VERSION_FIELDS) for name in VERSIONED}
        made = {name: each.persist() for name, each in (views | versions).items()}
        return cls(business.as_of, business.tables, made)

    def changed(self, before: "Stand", name: str) -> Changed | None:
        """The rows of the keys that are not as they were; None if none are."""
        was, now = before.frames[name], self.frames[name]
        if name == "events":  # sessions follow from other events
            one, other = (
                each.select("id", F.struct(*each.columns).alias(side)) for each, side in ((was, "x"), (now, "y"))
            )
            found = one.join(other, "id", "full_outer").where(~F.col("x").eqNullSafe(F.col("y"))).select("id").collect()
            keys = sorted(row.id for row in found)
        else:
            table = name if name.endswith("_version") else contract(name).table
            keys = sorted({row[0] for row in set(before.tables[table]) ^ set(self.tables[table])})
        if not keys:
            return None
        return Changed(was.where(F.col("id").isin(keys)), now.where(F.col("id").isin(keys)))

    def leave(self) -> None:
        """Give the memory back."""
        for frame in self.frames.values():
            frame.unpersist()


@dataclass
class Days:
    """Marts as they are kept up to date: their rows by key."""

    spark: SparkSession
    marts: list[Mart]
    business: Business
    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    slices: dict[str, int] = field(default_factory=dict)
    given: dict[str, dict[str, int]] = field(default_factory=dict)

    def begin(self) -> Stand:
        """Compute all of them whole."""
        stand = Stand.of(self.spark, self.business)
        for mart in self.marts:
            self.rows[mart.name] = self.whole(mart, stand)
        return stand

    def whole(self, mart: Mart, stand: Stand) -> dict[str, dict[str, Any]]:
        """The mart's rows, computed whole."""
        rows = keyed(mart, mart.build(**{name: stand.frames[name] for name in mart.inputs}, as_of=stand.as_of))
        found = [row.asDict() for row in rows.collect()]
        by_key = {row[MART_KEY]: row for row in found}
        assert len(by_key) == len(found)
        return by_key

    def update(self, mart: Mart, before: Stand, now: Stand) -> None:
        """Bring one mart up to date."""
        inputs = {name: now.frames[name] for name in mart.inputs}
        changes = {name: found for name in mart.inputs if (found := now.changed(before, name))}
        moved = mart.clock.of(before.as_of) != mart.clock.of(now.as_of)
        schema = keyed(mart, mart.build(**inputs, as_of=now.as_of)).schema
        # Each column may be NULL, as in a table.
        schema = StructType([StructField(each.name, each.dataType) for each in schema])
        kept = [tuple(row[name] for name in schema.names) for row in self.rows[mart.name].values()]
        stored = self.spark.createDataFrame(kept, schema).coalesce(1)
        slices = touched(mart, inputs, changes, stored, clock_moved=moved).persist()
        self.slices[mart.name] = self.slices.get(mart.name, 0) + slices.count()
        given = inputs | dict(slices_of(mart).needed(inputs, slices))
        self.given[mart.name] = {name: frame.count() for name, frame in given.items()}
        for row in renewed(mart, given, now.as_of, slices, stored).collect():
            values = row.asDict()
            if values.pop(GONE):
                del self.rows[mart.name][values[MART_KEY]]
            else:
                self.rows[mart.name][values[MART_KEY]] = values
        slices.unpersist()


def follow(spark: SparkSession, marts: list[Mart], days: int, seed: int) -> Days:
    """Let days pass, and compare each mart with itself computed whole after each."""
    kept = Days(spark, marts, begun(CUSTOMERS, seed))
    before = kept.begin()
    for day in range(days):
        kept.business.next_day()
        now = Stand.of(spark, kept.business)
        for mart in marts:
            kept.update(mart, before, now)
            expected = kept.whole(mart, now)
            actual = kept.rows[mart.name]
            wrong = {key for key in expected.keys() | actual.keys() if expected.get(key) != actual.get(key)}
            shown = [(expected.get(key), actual.get(key)) for key in sorted(wrong)[:3]]
            assert not wrong, f"day {day + 1}, {mart.name}: {len(wrong)} rows are not as computed whole: {shown}"
        before.leave()
        before = now
    before.leave()
    return kept


@pytest.mark.parametrize("mart", SOME)
def test_some_days(mart: Mart, spark: SparkSession) -> None:
    """Two days of each mart; not all of its rows are computed anew."""
    kept = follow(spark, [mart], days=2, seed=11)
    assert kept.slices[mart.name] > 0


@pytest.mark.parametrize("mart", SOME)
def test_rows_that_are_read_follow_the_changes(mart: Mart, spark: SparkSession) -> None:
    """The same changes in a business of three times the size: the mart is given not one row more, few tenants aside."""
    business = begun(CUSTOMERS, seed=5)
    was, as_of = business.tables, business.as_of
    for _ in range(3):
        business.next_day()
    given: list[dict[str, int]] = []
    for strangers in ([], [moved_away(was, 1_000_000), moved_away(was, 2_000_000)]):
        # As of one moment: rows that are not complete follow the clock, whoever changed.
        kept = Days(spark, [mart], replace(business, tables=together(was, *strangers), as_of=as_of))
        before = kept.begin()
        now = Stand.of(spark, replace(business, tables=together(business.tables, *strangers), as_of=as_of))
        kept.update(mart, before, now)
        assert kept.rows[mart.name] == kept.whole(mart, now)
        given.append({name: rows for name, rows in kept.given[mart.name].items() if not name.startswith("tenant")})
        before.leave()
        now.leave()
    assert given[0] == given[1]
    assert all(given[0].values())


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("marts", [SLICED[::2], SLICED[1::2]], ids=lambda marts: "+".join(mart.name for mart in marts))
def test_sixty_days(marts: list[Mart], spark: SparkSession) -> None:
    """Sixty days of each mart: new, late, corrected, moved and deleted rows of every input."""
    follow(spark, marts, days=60, seed=7)
