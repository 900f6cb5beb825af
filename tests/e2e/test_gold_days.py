"""Gold is kept up to date slice by slice, day after day, in tables of both formats: it is what computing all of it gives."""

import pytest
from lakehouse_home import Lakehouse
from pyspark.sql import functions as F
from two_lakes import beside

from lakehouse_core.gold import MARTS
from lakehouse_core.gold.keys import MART_KEY
from lakehouse_core.tables import format_named
from lakehouse_local.extensions import blueprint
from lakehouse_local.lake import gold
from lakehouse_local.lake.lake import Lake
from lakehouse_local.spark.session import session

pytestmark = [pytest.mark.slow, pytest.mark.spark, pytest.mark.timeout(2400)]

EXTENSIONS = ("tests.support.few_marts:sliced_marts",)
DAYS = 5
PATCHES = {"upsert", "merge"}
CORRECTIONS = (
    "update core_order set status = 'refunded' where id in (select id from core_order order by id limit 5)",
    "delete from core_orderitem where id in (select id from core_orderitem order by id limit 3)",
    "update core_tenant set settings = jsonb_set(settings, '{currency}', '\"CHF\"') where id = 1",
    "update core_product set price = price + 1 where id <= 3",
    "update core_event set customer_id = 1 where id in (select id from core_event where customer_id is null limit 5)",
)


@pytest.fixture(autouse=True)
def every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs are worth slices whatever their size."""
    monkeypatch.setattr(gold, "SLICED_FROM", 0)


def wrong(lakehouse: Lakehouse) -> tuple[list[str], set[str]]:
    """The marts whose table is not what computing it whole gives, and those whose last commit is a patch."""
    naming = lakehouse.settings.naming
    record = lakehouse.records()[-1]
    spark = session(lakehouse.settings, lakehouse.parts.s3, "gold")
    lake = Lake(naming, lakehouse.storage, spark, format_named(record.format, spark), blueprint(lakehouse.settings))
    inputs, found, patched = gold.inputs(lake, record), [], set()
    for mart in lake.blueprint.marts:
        whole = mart.build(**{name: inputs[name] for name in mart.inputs}, as_of=record.as_of)
        stored = lake.format.read(lake.mart(mart)).drop(MART_KEY)
        columns = whole.columns
        both = whole.withColumn("n", F.lit(1)).unionByName(stored.withColumn("n", F.lit(-1)))
        if not both.groupBy(*columns).agg(F.sum("n").alias("n")).where("n <> 0").isEmpty():
            found.append(mart.name)
        if lake.format.last(lake.mart(mart)).operation in PATCHES:
            patched.add(mart.name)
    return found, patched


def test_gold_follows_the_days(lake: Lakehouse) -> None:
    """Business days with corrections: after each, every mart is right, and from the second run on each was patched."""
    lakes = beside(lake)
    lakes.take_in()
    for day in range(DAYS):
        lake.simulate(1)
        lake.change(CORRECTIONS[day % len(CORRECTIONS)])
        lakes.take_in()
        for each in (lakes.delta, lakes.hudi):
            found, patched = wrong(each)
            record = each.records()[-1]
            assert not found, f"day {day + 1}, {record.format}: {found}"
            assert record.slices.keys() == set(record.marts)
    assert patched == {mart.name for mart in MARTS if mart.slices}


def test_what_a_killed_run_left_is_computed_whole(lake: Lakehouse) -> None:
    """A mart's table that holds a commit which no record knows is replaced, whatever the commit wrote."""
    naming = lake.settings.naming
    spark = session(lake.settings, lake.parts.s3, "gold")
    known = Lake(naming, lake.storage, spark, format_named("delta", spark), blueprint(lake.settings))
    (mart,) = (mart for mart in known.blueprint.marts if mart.name == "revenue_daily")
    table = known.mart(mart)
    row = known.format.read(table).limit(1)
    known.format.patch(table, row.selectExpr("*", "true as gone"), "gone")
    assert wrong(lake)[0] == ["revenue_daily"]
    lake.change(CORRECTIONS[0].replace("refunded", "completed"))
    lake.run()
    assert wrong(lake)[0] == []
    assert known.format.last(table).operation not in PATCHES
    assert lake.records()[-1].tables["gold.revenue_daily"].read is None


def test_small_inputs_are_computed_whole(lake: Lakehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a mart's inputs are below the size from which slices pay, it is computed whole."""
    entry = lake.records()[-1].tables["gold.revenue_daily"]
    for least, whole in ((2**40, True), (1, False)):
        monkeypatch.setattr(gold, "SLICED_FROM", least)
        lake.change(
            "update core_order set status = 'refunded' where id in (select id from core_order where status = 'completed' limit 1)"
        )
        lake.run()
        before, entry = entry, lake.records()[-1].tables["gold.revenue_daily"]
        assert entry.commit != before.commit
        assert (entry.read is None) == whole
