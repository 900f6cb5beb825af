"""One source, one bronze, two lakes: what Hudi's silver and gold hold, Delta's hold too, row for row."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from lakehouse_home import Lakehouse
from two_lakes import Lakes, beside

from lakehouse_core.blueprint import Blueprint
from lakehouse_core.contracts import CONTRACTS
from lakehouse_core.errors import TableMissing
from lakehouse_core.gold import MARTS
from lakehouse_core.gold.keys import MART_KEY
from lakehouse_core.silver import CLEAN
from lakehouse_core.tables import format_named
from lakehouse_local.capture import manifest
from lakehouse_local.errors import NoSuchTime
from lakehouse_local.lake import batch, checks, gold, retention
from lakehouse_local.lake.batch import Batch
from lakehouse_local.lake.lake import Lake
from lakehouse_local.lake.records import RunRecord
from lakehouse_local.providers import s3_client, s3_export
from lakehouse_local.query import snapshot
from lakehouse_local.query.engine import QueryEngine
from lakehouse_local.query.errors import SnapshotCleaned, SnapshotUnreadable
from lakehouse_local.query.files import Files
from lakehouse_local.query.history import history
from lakehouse_local.spark.session import session

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

TABLES = [
    *(f"silver.{contract.entity}" for contract in CONTRACTS.values()),
    *(f"silver.{contract.view}" for contract in CONTRACTS.values()),
    *(f"gold.{mart.name}" for mart in MARTS),
]
LATE_EVENT = """
    insert into core_event (id, tenant_id, customer_id, anonymous_id, event_type, occurred_at, metadata, created_at, updated_at)
    select id + 900000000, tenant_id, customer_id, anonymous_id, event_type, occurred_at - interval '20 minutes', metadata,
      created_at, updated_at from core_event order by id limit 50
"""
OTHER_KEY = "update core_event set id = id + 800000000 where id in (select id from core_event order by id limit 40)"
DELETE = "delete from core_event where id in (select id from core_event order by id limit 30)"


@pytest.fixture(scope="module")
def lakes(lake: Lakehouse) -> Lakes:
    """Both lakes after a full load, business days and trouble: key changes, late events, deletes, a truncate."""
    both = beside(lake)
    both.take_in()
    lake.simulate(1)
    lake.change(OTHER_KEY, LATE_EVENT)
    lake.change("truncate core_event")
    lake.simulate(1)
    both.take_in()
    lake.change(LATE_EVENT, OTHER_KEY)
    lake.change(DELETE)
    both.take_in()
    return both


def rows(lake: Lakehouse, table: str, as_of: datetime | None = None) -> tuple[Sequence[str], list[tuple[Any, ...]]]:
    """The columns by name and the rows in an order of their own."""
    result = QueryEngine(lake.parts, lake.settings).run(f"select * from {table}", as_of)
    order = sorted(range(len(result.columns)), key=lambda at: result.columns[at])
    names = [result.columns[at] for at in order]
    return names, sorted((tuple(row[at] for at in order) for row in result.rows), key=repr)


@pytest.mark.parametrize("table", TABLES)
def test_both_formats_hold_the_same_rows(lakes: Lakes, table: str) -> None:
    """Every base table, reader's view and mart has the same columns and rows on both formats, none of them empty."""
    hudi, delta = rows(lakes.hudi, table), rows(lakes.delta, table)
    assert hudi == delta
    assert hudi[1]


@pytest.mark.parametrize("table", ["silver.event", "gold.funnel_daily"])
def test_both_formats_held_the_same_rows(lakes: Lakes, table: str) -> None:
    """As of each run both formats give the same rows, and as of the first not those of today."""
    moments = [record.as_of for record in lakes.delta.records()]
    assert [record.as_of for record in lakes.hudi.records()] == moments
    then = [rows(lakes.delta, table, moment) for moment in moments]
    assert [rows(lakes.hudi, table, moment) for moment in moments] == then
    assert then[0] != then[-1] == rows(lakes.delta, table)


def test_both_formats_give_the_same_account(lakes: Lakes) -> None:
    """Run for run each table's counts are the same, and what `history` and `quality` say of the lakes is too."""

    def account(lake: Lakehouse) -> object:
        naming = lake.settings.naming
        return [
            [
                (row.run, row.as_of, replace(row.change, commit="", basis=None))
                for row in history(lake.storage, naming, table)
            ]
            for table in ("event", "orders", "gold.revenue_daily")
        ]

    assert account(lakes.hudi) == account(lakes.delta)
    reports = [checks.report(each.parts, each.settings, lambda _: None) for each in (lakes.hudi, lakes.delta)]
    assert reports[0] == reports[1]


def batches(lake: Lakehouse) -> Iterator[tuple[Batch, RunRecord | None]]:
    """What each run took in, and the record before it."""
    chain, last = manifest.read_chain(lake.storage, lake.bucket("bronze")), None
    for record in lake.records():
        until = (record.applied_until.epoch, record.applied_until.sequence)
        taken = tuple(each for each in chain if (each.epoch, each.sequence) <= until)
        chain = chain[len(taken) :]
        yield Batch(record.run, taken), last
        last = record


def test_events_merged_on_read_are_the_same_rows(lakes: Lakes) -> None:
    """The event table as Hudi MERGE_ON_READ holds the same rows; Parquet readers are given them once it is compacted."""
    chosen = replace(lakes.hudi.settings.naming, suffix="mor")
    part, storage = lakes.hudi.parts.s3, lakes.hudi.storage
    for layer in ("bronze", "silver"):
        s3_export.create_bucket(s3_client.client(part), chosen.bucket(layer), part.region)
    for key in storage.keys(lakes.hudi.bucket("bronze"), ""):
        storage.put(chosen.bucket("bronze"), key, storage.get(lakes.hudi.bucket("bronze"), key))
    spark = session(lakes.hudi.settings, part, "merge on read")
    # Rules look at other tables, which this lake has none of.
    events = Blueprint({"event": replace(CONTRACTS["event"], rules=())}, {"event": CLEAN["event"]}, ())
    lake = Lake(chosen, storage, spark, format_named("hudi", spark), events, frozenset({"event"}))
    for each, last in batches(lakes.hudi):
        commit = batch.take(lake, each, last, lambda _: None)["event"].commit
    table, files = lake.base(CONTRACTS["event"]), Files(part, lakes.hudi.settings.home / "query-cache")
    kept = lakes.hudi.records()[-1].tables["silver.event"].commit
    wanted = lake.format.read_as_of(
        Lake(lakes.hudi.settings.naming, storage, spark, lake.format).base(CONTRACTS["event"]), kept
    )
    with pytest.raises(SnapshotUnreadable, match="merged on read"):
        snapshot.snapshot(files, lake.silver, "event", "hudi", commit)
    assert lake.format.read_optimized(table).exceptAll(wanted).count() > 0
    compacted = lake.format.compact(table)
    assert compacted is not None
    for frame in (lake.format.read(table), lake.format.read_optimized(table)):
        assert frame.count() == wanted.count() > 0
        assert frame.select(*wanted.columns).exceptAll(wanted).count() == 0
    assert len(snapshot.snapshot(files, lake.silver, "event", "hudi", compacted.id)) > 0


def test_gold_is_what_a_full_computation_gives(lakes: Lakes) -> None:
    """Marts that runs left alone hold what computing them all from silver at the last run's time gives."""
    spark = session(lakes.delta.settings, lakes.delta.parts.s3, "gold")
    record = lakes.delta.records()[-1]
    assert {"funnel_daily"} <= set(record.marts) < {mart.name for mart in MARTS}
    lake = Lake(lakes.delta.settings.naming, lakes.delta.storage, spark, format_named("delta", spark))
    inputs = gold.inputs(lake, record)
    for mart in MARTS:
        wanted = mart.build(**{name: inputs[name] for name in mart.inputs}, as_of=record.as_of)
        stored = lake.format.read(lake.mart(mart)).drop(MART_KEY)
        assert stored.exceptAll(wanted).count() == wanted.exceptAll(stored).count() == 0, mart.name


@pytest.mark.parametrize(
    ("format_name", "error", "hint"),
    [("iceberg", "unknown-format", "hudi, delta"), ("hudi", "format-changed", "--format delta")],
)
def test_a_lake_keeps_its_format(lakes: Lakes, format_name: str, error: str, hint: str) -> None:
    """Another format than the lake's, or one that does not exist, is refused before anything is done."""
    said = lakes.delta.command("run", "--format", format_name)
    assert said.ended == (2, error)
    assert hint in said.err


def test_old_runs_go_and_recent_ones_stay(lakes: Lakes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tidied up, both lakes refuse a time before the runs that are kept by name, and answer as before for those that are."""
    monkeypatch.setattr(retention, "EVERY", 1)
    monkeypatch.setattr(retention, "KEEP_RUNS", 1)
    second, third = (record.as_of for record in lakes.delta.records()[-2:])
    before = rows(lakes.delta, "gold.funnel_daily", third)
    lakes.delta.change(DELETE)
    lakes.take_in()
    for lake in (lakes.hudi, lakes.delta):
        with pytest.raises(NoSuchTime, match="no longer kept"):
            rows(lake, "silver.event", second)
        assert rows(lake, "gold.funnel_daily", third) == before != rows(lake, "gold.funnel_daily")
        assert [row.kept for row in history(lake.storage, lake.settings.naming, "event")] == [False, False, True, True]
    old = lakes.hudi.records()[0].tables["silver.event"].commit
    files = Files(lakes.hudi.parts.s3, lakes.hudi.settings.home / "query-cache")
    with pytest.raises((SnapshotCleaned, TableMissing)):
        snapshot.snapshot(files, lakes.hudi.bucket("silver"), "event", "hudi", old)


def test_a_delta_lake_is_proven_and_comes_back(lakes: Lakes) -> None:
    """Delta's silver equals the source, also after the servers stopped and started and a run followed that named no format."""
    before = lakes.delta.records()
    report = lakes.delta.verify()
    assert report.equal, report.details()
    lakes.delta.down()
    lakes.delta.up()
    assert lakes.delta.records() == before
    lakes.delta.simulate(1)
    report = lakes.delta.verify()
    assert report.equal, report.details()
    assert {record.format for record in lakes.delta.records()} == {"delta"}
