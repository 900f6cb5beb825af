"""Gold after a thousand changes: what is read and how long it takes, by the slices that they touch and whole.

The same run twice: as every run does it, and once more with a record that does not say in which run its marts were computed, so
that each of them is computed whole. Capture and silver are left out; rows read are those that a mart's function is given.
"""

import argparse
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

import psycopg2
from rich.console import Console
from rich.table import Table as Grid

from bench.cost import Cost, measured
from bench.pipeline import quiet
from lakehouse_core.gold import Mart, update
from lakehouse_core.intake import Inputs, Since
from lakehouse_local import settings
from lakehouse_local.environment import Environment
from lakehouse_local.lake import gold, records, work
from lakehouse_local.lake.lake import Lake
from lakehouse_local.lake.records import RunRecord
from lakehouse_local.providers.servers import running
from lakehouse_local.settings import Settings
from lakehouse_local.storage import S3Storage
from source_app import seeding

AT_MOST = 0.2
CHANGES = """
insert into core_event
  select (select max(id) from core_event) + row_number() over (), tenant_id, customer_id, anonymous_id, event_type,
    (select max(occurred_at) from core_event) + interval '1 second', metadata, created_at, updated_at
  from core_event order by id desc limit 500;
update core_order set status = 'completed' where id in
  (select id from core_order where status = 'pending' order by order_date desc limit 300);
update core_customer set segment = 'vip' where id in (select id from core_customer order by id desc limit 100);
update core_invoice set status = 'paid', amount_paid = amount_due, paid_at = issued_at where id in
  (select id from core_invoice where status = 'open' order by id desc limit 100)
"""
"""A thousand changes as a business day makes them: mostly of what is recent."""

refreshed = gold.refreshed


@dataclass
class Rounds:
    """What gold cost in each run, by slices and whole, and the last run's lake and record."""

    environment: Environment
    settings: Settings
    slices: list[Cost] = field(default_factory=list)
    whole: list[Cost] = field(default_factory=list)
    seen: list[tuple[Lake, RunRecord]] = field(default_factory=list)

    def one(self) -> None:
        """Make the changes and run; then compute the same marts whole."""
        with psycopg2.connect(self.environment.postgres.dsn) as database, database.cursor() as cursor:
            cursor.execute(CHANGES)
        with mock.patch.object(gold, "refreshed", self._measured):
            work.run(self.environment, self.settings, quiet)
        lake, record = self.seen[-1]
        unknown = {name: replace(entry, basis=None, computed=None) for name, entry in record.tables.items()}
        marts = {f"gold.{name}" for name in self.records()[-1].marts}
        tables = {name: unknown[name] if name in marts else entry for name, entry in record.tables.items()}
        self.whole.append(measured(lambda: refreshed(lake, replace(record, tables=tables))))
        print(f"by slices {self.slices[-1].wall:.1f} s, whole {self.whole[-1].wall:.1f} s", flush=True)

    def records(self) -> list[RunRecord]:
        """Every run."""
        return records.every(S3Storage(self.environment.s3), self.settings.naming)

    def _measured(self, lake: Lake, record: RunRecord) -> RunRecord:
        done: list[RunRecord] = []
        self.slices.append(measured(lambda: done.append(refreshed(lake, record))))
        self.seen.append((lake, record))
        return done[0]


def rows_read(mart: Mart, now: Inputs, since: Since, lake: Lake) -> tuple[int, int]:
    """How many rows the mart's function is given whole, and by slices."""
    frames = {name: now[name] for name in mart.inputs}
    every = sum(frame.count() for frame in frames.values())
    changed = since.changed(mart)
    if mart.slices is None or changed is None:
        return every, every
    moved = mart.clock.of(since.as_of) != mart.clock.of(now.as_of)
    slices = update.touched(mart, frames, changed, lake.format.read(lake.mart(mart)), clock_moved=moved).persist()
    needed = mart.slices.needed(frames, slices)
    return every, sum(frame.count() for frame in {**frames, **needed}.values())


def main(chosen: argparse.Namespace) -> None:
    """Print rows by mart, and the best round of both ways."""
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
        own = replace(
            settings.from_environment(), home=Path(folder), postgres="auto", s3="localstack", driver_memory="4g"
        )
        with running(own) as environment:
            seeding.seed(environment.postgres.dsn, chosen.scale, 7, own.cache / "seeds", quiet)
            work.run(environment, own, quiet)
            rounds = Rounds(environment, own)
            for _ in range(chosen.rounds + 1):
                rounds.one()
            lake, record = rounds.seen[-1]
            grid = Grid("mart", "rows of its inputs", "rows read by slices", title_justify="left")
            grid.title = f"gold after 1,000 changes, scale {chosen.scale}"
            now = gold.inputs(lake, record)
            since = gold.since(lake, rounds.records()[-2], record, now)
            for mart in gold.stale(lake.blueprint, record):
                every, read = rows_read(mart, now, since, lake)
                grid.add_row(mart.name, f"{every:,}", "whole" if read == every else f"{read:,}")
            Console().print(grid)
            ours, peer = min(rounds.slices[1:]), min(rounds.whole[1:])
            print(
                f"gold after 1,000 changes: {ours.wall:.1f} s by slices ({ours.cpu:.1f} CPU s), {peer.wall:.1f} s whole "
                f"({peer.cpu:.1f} CPU s): {ours.cpu / peer.cpu:.2f} of it (aim {AT_MOST})"
            )
