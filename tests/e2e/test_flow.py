"""The whole way: seed, run, verify, query; three business days, and the same again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from gold_support import ORACLES, oracle_sql
from lakehouse_home import FEW_MARTS, Lakehouse
from pyspark.sql import functions as F

from lakehouse_core import quality, serve
from lakehouse_core.contracts import CONTRACTS, Contract
from lakehouse_core.errors import BlueprintChanged, NothingCaptured
from lakehouse_core.gold import MARTS, Mart
from lakehouse_core.tables import format_named
from lakehouse_local.lake.backfill import backfill
from lakehouse_local.lake.lake import Lake
from lakehouse_local.lake.records import RunRecord
from lakehouse_local.lake.work import RunReport
from lakehouse_local.query.engine import QueryEngine
from lakehouse_local.query.history import history
from lakehouse_local.spark.session import session
from source_app.simulation import Simulated

EXAMPLES = Path(__file__).parents[2] / "examples"
UNVERSIONED = [mart for mart in MARTS if not any(name.endswith("_version") for name in mart.inputs)]
FIGURES = "select count(*), sum(gross_revenue), sum(order_count) from gold.revenue_daily"


@dataclass(frozen=True)
class Loaded:
    """The lake after the full load, with figures to ask for again later."""

    report: RunReport
    record: RunRecord
    figures: Sequence[tuple[Any, ...]]


@dataclass(frozen=True)
class Changed:
    """The lake after three more business days."""

    report: RunReport
    played: Simulated
    records: Sequence[RunRecord]


@pytest.fixture(scope="module")
def loaded(lake: Lakehouse) -> Loaded:
    """The first run."""
    report = lake.run()
    return Loaded(report, lake.records()[-1], lake.query(FIGURES))


@pytest.fixture(scope="module")
def changed(lake: Lakehouse, loaded: Loaded) -> Changed:
    """Three days and the second run."""
    assert loaded.report.runs == (1,)
    played = lake.simulate(3)
    report = lake.run()
    return Changed(report, played, lake.records())


def counts(lake: Lakehouse, contract: Contract) -> tuple[Any, Any]:
    """The rows of a table in the source and in its reader's view."""
    return (
        lake.source(f"select count(*) from {contract.table}")[0][0],
        lake.query(f"select count(*) from silver.{contract.view}")[0][0],
    )


def in_key_order(mart: Mart, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """The rows as mappings by key, NULL first, instants in UTC."""
    found = [
        {
            name: cell.astimezone(UTC) if isinstance(cell, datetime) else cell
            for name, cell in zip(names, row, strict=True)
        }
        for row in rows
    ]
    return sorted(found, key=lambda row: [(row[c] is not None, row[c]) for c in mart.key])


def oracle(lake: Lakehouse, mart: Mart, as_of: datetime) -> list[dict[str, Any]]:
    """The rows of the mart's own definition in SQL, run by PostgreSQL on the source (tests/oracles/README.md)."""
    moment = f"timestamptz '{as_of.isoformat()}'"
    with lake.database() as database, database.cursor() as cursor:
        cursor.execute("set enable_nestloop = off; set enable_mergejoin = off")
        cursor.execute((ORACLES / "full_load.sql").read_text().replace(":as_of", moment))
        cursor.execute(oracle_sql(mart.name, as_of))
        assert cursor.description
        return in_key_order(mart, [column.name for column in cursor.description], cursor.fetchall())


def in_gold(lake: Lakehouse, mart: Mart) -> list[dict[str, Any]]:
    """The rows of the mart's table."""
    result = QueryEngine(lake.parts, lake.settings).run(f"select * from gold.{mart.name}")
    return in_key_order(mart, result.columns, result.rows)


def assert_equals_oracle(lake: Lakehouse, mart: Mart, as_of: datetime) -> None:
    """Fail on the first rows that differ."""
    expected, actual = oracle(lake, mart, as_of), in_gold(lake, mart)
    different = [(was, now) for was, now in zip(expected, actual, strict=False) if was != now]
    assert not different, f"(oracle, gold) differ in {len(different)} rows, first: {different[:2]}"
    assert len(expected) == len(actual) > 0


def account(record: RunRecord) -> Mapping[str, tuple[int, int]]:
    """For each table: rows in, and what became of them."""
    return {
        name: (entry.rows_in, entry.upserts + entry.deletes + entry.quarantined + entry.superseded)
        for name, entry in record.tables.items()
    }


def test_everything_is_loaded(lake: Lakehouse, loaded: Loaded) -> None:
    """The first run takes in every row of the eight tables, refreshes every mart and writes one record."""
    assert loaded.report.marts == tuple(mart.name for mart in MARTS)
    assert [record.run for record in lake.records()] == [1]
    assert {name: (c.read, c.upserts) for name, c in loaded.report.tables.items()} == {
        f"silver.{contract.entity}": counts(lake, contract) for contract in CONTRACTS.values()
    }


def test_the_load_is_proven(lake: Lakehouse, loaded: Loaded) -> None:
    """Source, bronze and silver have the same rows in all 18 tables, at one LSN."""
    report = lake.verify()
    assert report.equal, report.details()
    assert len(report.tables) == 18
    assert sum(table.silver is not None for table in report.tables) == len(CONTRACTS)
    assert lake.records() == [loaded.record]


@pytest.mark.parametrize("mart", MARTS, ids=lambda mart: mart.name)
def test_mart_equals_sql_on_the_source(lake: Lakehouse, loaded: Loaded, mart: Mart) -> None:
    """Right after the load, each mart in gold has exactly the rows that PostgreSQL computes from the source."""
    assert_equals_oracle(lake, mart, loaded.record.as_of)


def test_rules_find_what_was_planted(lake: Lakehouse, loaded: Loaded) -> None:
    """On the readers' views of silver, each quality rule finds what the seed planted for it and nothing else."""
    spark = session(lake.settings, lake.parts.s3, "quality")
    tables = Lake(lake.settings.naming, lake.storage, spark, format_named(loaded.record.format, spark))
    views = {
        entity: serve.reader(tables.format.read(tables.base(contract)), contract, loaded.record.as_of)
        for entity, contract in CONTRACTS.items()
    }
    found: dict[str, list[int]] = {}
    for row in quality.failures(views, CONTRACTS).collect():
        found.setdefault(row["rule"], []).append(row["key"])
    # The database holds the seed already: this only says what was planted.
    manifest: dict[str, list[dict[str, int]]] = json.loads(lake.seed().manifest.read_text())
    scores = quality.score(found, {rule: [row["id"] for row in rows] for rule, rows in manifest.items()})
    assert {each.rule for each in scores} == {rule.id for contract in CONTRACTS.values() for rule in contract.rules}
    assert [each for each in scores if (each.precision or 0) < 0.99 or (each.recall or 0) < 0.99] == []


def test_a_run_without_news_does_nothing(lake: Lakehouse, loaded: Loaded) -> None:
    """The second run says that there is nothing new, writes no record, and starts no Spark."""
    # With this master no Spark could start.
    said = lake.command("run", LAKEHOUSE_SPARK_MASTER="none")
    assert said.ended == (0, None), said.err
    assert "nothing new" in said.out
    assert "Spark" not in said.err
    assert lake.records() == [loaded.record]


def test_three_days_are_taken_in(lake: Lakehouse, changed: Changed) -> None:
    """The changes of three business days arrive in silver, one run more, and the clock with them."""
    assert changed.report.runs == (2,)
    assert changed.report.captured.load_rows == 0
    assert changed.report.captured.change_rows > 0
    assert changed.records[-1].as_of > changed.records[0].as_of
    assert changed.records[-1].as_of <= datetime.fromisoformat(changed.played.clock_to)
    assert {c.entity: counts(lake, c)[1] for c in CONTRACTS.values()} == {
        c.entity: counts(lake, c)[0] for c in CONTRACTS.values()
    }


def test_the_changes_are_proven(lake: Lakehouse, changed: Changed) -> None:
    """Source, bronze and silver are equal again, and every change is in the history once."""
    report = lake.verify()
    assert report.equal, report.details()
    assert report.changes >= changed.report.captured.change_rows


def test_every_row_is_accounted_for(changed: Changed) -> None:
    """In every run's record the rows in are the upserts, deletes, quarantined and superseded ones, for every table."""
    for record in changed.records:
        accounts = account(record)
        assert {name: pair for name, pair in accounts.items() if pair[0] != pair[1]} == {}, record.run
        assert sum(rows for rows, _ in accounts.values()) > 0


def test_an_earlier_time_can_be_asked_for(lake: Lakehouse, loaded: Loaded, changed: Changed) -> None:
    """A query as of a time before the three days gives the earlier figures; without it, the new ones."""
    engine = QueryEngine(lake.parts, lake.settings)
    assert engine.run(FIGURES, loaded.record.as_of).rows == loaded.figures
    assert engine.run(FIGURES, changed.records[-1].as_of).rows == lake.query(FIGURES) != loaded.figures


@pytest.mark.parametrize("table", ["orders", "gold.revenue_daily"])
def test_history_lists_the_runs(lake: Lakehouse, changed: Changed, table: str) -> None:
    """A view and a mart name the runs that wrote them, and up to which business time."""
    rows = history(lake.storage, lake.settings.naming, table)
    assert [(row.run, row.as_of) for row in rows] == [(record.run, record.as_of) for record in changed.records]


@pytest.mark.parametrize("mart", UNVERSIONED, ids=lambda mart: mart.name)
def test_mart_follows_the_source(lake: Lakehouse, changed: Changed, mart: Mart) -> None:
    """After the changes, each mart that needs no history equals its definition on the changed source."""
    assert_equals_oracle(lake, mart, changed.records[-1].as_of)


@pytest.mark.usefixtures("changed")
def test_a_mart_that_is_new(lake: Lakehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's mart is computed by the next run though no row changed; a column of a user's needs a full load."""
    for story in ("own_mart", "own_transform"):
        monkeypatch.syspath_prepend(EXAMPLES / story)
    last = lake.records()[-1]
    report = Lakehouse(replace(lake.settings, extensions=("sales_by_country:extend",))).run()
    assert report.runs == (last.run + 1,)
    assert lake.records()[-1].as_of == last.as_of
    assert report.marts[-1] == "sales_by_country"
    (figures,) = lake.query("select sum(order_count), sum(revenue) from gold.sales_by_country")
    assert [figures] == lake.source("select count(*), sum(total_amount) from core_order where status = 'completed'")
    wider = Lakehouse(replace(lake.settings, extensions=("overcharge:extend",)))
    with pytest.raises(BlueprintChanged, match=r"lacks what is new in the blueprint: silver.order.overcharge"):
        wider.run()
    assert lake.run().runs == ()


def test_a_period_is_taken_in_again(lake: Lakehouse, changed: Changed) -> None:
    """A backfill mends a row that was damaged, leaves all others as they were, and can be repeated; a load cannot."""
    said: list[str] = []
    spark = session(lake.settings, lake.parts.s3, "test", said.append)
    assert not said, "it runs already"
    silver = format_named("hudi", spark)
    table = Lake(lake.settings.naming, lake.storage, spark, silver).base(CONTRACTS["order"])
    whole = "select * from silver.orders order by id"
    before, last = lake.query(whole), lake.records()[-1]
    newest = silver.read(table).where("_op = 'U' and _position like '0001.1.%'").limit(1)
    silver.merge(table, newest.withColumn("status", F.lit("damaged")))
    assert silver.read(table).where("status = 'damaged'").count() == 1
    period = changed.records[0].as_of, last.as_of + timedelta(seconds=1)
    few = Lakehouse(replace(lake.settings, extensions=FEW_MARTS))
    for number in (1, 2):
        report = backfill(few.parts, few.settings, *period, lambda _: None)
        assert report.runs == (last.run + number,)
        assert lake.query(whole) == before
    record = lake.records()[-1]
    assert (record.applied_until, record.as_of) == (last.applied_until, last.as_of)
    assert all(read == kept for read, kept in account(record).values())
    assert few.verify().equal
    loading = changed.records[0].as_of - timedelta(days=1), changed.records[0].as_of
    with pytest.raises(NothingCaptured, match="no changes were captured from"):
        backfill(few.parts, few.settings, *loading, lambda _: None)
