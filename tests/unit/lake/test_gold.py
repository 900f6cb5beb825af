"""When a mart is computed again: exactly when something that its rows follow from is another."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lakehouse_core.blueprint import STANDARD
from lakehouse_core.contracts import CONTRACTS
from lakehouse_core.gold import MARTS, Clock
from lakehouse_local.lake import gold
from lakehouse_local.lake.records import Applied, RunRecord, TableRecord

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
ALWAYS = {"fact_subscription_month", "customer_ltv", "product_performance", "subscription_monthly", "invoice_aging"}


@pytest.fixture
def record() -> RunRecord:
    """A lake whose marts are all up to date."""
    silver = {f"silver.{entity}": TableRecord("1") for entity in CONTRACTS}
    bare = RunRecord(1, NOON, "hudi", "dms", Applied(1, 0, 0), silver)
    marts = {f"gold.{mart.name}": TableRecord("1", basis=gold.basis(mart, bare, STANDARD)) for mart in MARTS}
    return replace(bare, tables=silver | marts)


def stale(record: RunRecord) -> set[str]:
    """The names of the marts to compute."""
    return {mart.name for mart in gold.stale(STANDARD, record)}


def test_nothing_changed(record: RunRecord) -> None:
    """The same commits, time and code: no mart, also once the record was stored and read."""
    assert stale(record) == set()
    assert stale(RunRecord.from_json(record.to_json())) == set()


def test_time_moves(record: RunRecord) -> None:
    """A moment later those that follow the instant, a day later the daily ones too, a month later all that follow time."""
    assert stale(replace(record, as_of=NOON + timedelta(seconds=1))) == ALWAYS
    assert stale(replace(record, as_of=NOON + timedelta(days=1))) == ALWAYS | {"revenue_daily", "funnel_daily"}
    assert stale(replace(record, as_of=NOON + timedelta(days=31))) == {
        mart.name for mart in MARTS if mart.clock not in (Clock.NOTHING, Clock.YEAR)
    }
    assert stale(replace(record, as_of=NOON + timedelta(days=366))) == {
        mart.name for mart in MARTS if mart.clock is not Clock.NOTHING
    }


@pytest.mark.parametrize("entity", CONTRACTS)
def test_a_table_changes(record: RunRecord, entity: str) -> None:
    """Another commit of a base table makes those marts stale that read its view or its history, and no other."""
    changed = replace(record, tables={**record.tables, f"silver.{entity}": TableRecord("2")})
    readers = {m.name for m in MARTS if {CONTRACTS[entity].view, f"{entity}_version"} & set(m.inputs)}
    assert stale(changed) == readers


def test_records_of_older_programs(record: RunRecord) -> None:
    """A mart that is missing, or of which no basis is known, is computed."""
    older = {name: replace(entry, basis=None) for name, entry in record.tables.items()}
    assert stale(replace(record, tables=older)) == {mart.name for mart in MARTS}
    without = {name: entry for name, entry in record.tables.items() if name != "gold.funnel_daily"}
    assert stale(replace(record, tables=without)) == {"funnel_daily"}
