"""Gold after a thousand changes beside gold computed whole: how long each takes, and from how many rows each mart is computed.

The same run twice: as every run does it (marts that nothing touched are left alone, large ones are computed where changes
touch them), and once more with every mart computed whole. Capture and silver are left out.
"""

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

import psycopg2
from rich.console import Console
from rich.table import Table as Grid

from bench.cost import Cost, measured
from bench.pipeline import quiet
from lakehouse_core.blueprint import STANDARD
from lakehouse_local import settings
from lakehouse_local.environment import Environment
from lakehouse_local.lake import gold, work
from lakehouse_local.lake.lake import Lake
from lakehouse_local.lake.records import RunRecord
from lakehouse_local.providers.servers import running
from lakehouse_local.settings import Settings
from source_app import seeding

AT_MOST = 0.2
EVENTS = """
insert into core_event
  select (select max(id) from core_event) + row_number() over (), tenant_id, customer_id, anonymous_id, event_type,
    (select max(occurred_at) from core_event) + interval '1 second', metadata, created_at, updated_at
  from core_event order by id desc limit {rows};
"""
OTHERS = """
update core_order set status = case when status = 'completed' then 'refunded' else 'completed' end where id in
  (select id from core_order order by order_date desc limit 300);
update core_customer set is_active = not is_active where id in (select id from core_customer order by id desc limit 100);
update core_invoice set amount_paid = amount_due - amount_paid where id in
  (select id from core_invoice order by id desc limit 100)
"""
CHANGES = {"of events alone": EVENTS.format(rows=1_000), "of a business day": EVENTS.format(rows=500) + OTHERS}
"""A thousand changes, mostly of what is recent: of one table, and of four."""

refreshed = gold.refreshed


@dataclass
class Runs:
    """A lake's runs, each after changes of its own, with what gold cost in it; ``record`` is the last one's."""

    environment: Environment
    settings: Settings
    cost: Cost | None = None
    record: RunRecord | None = None

    def best(self, changes: str, rounds: int, *, whole: bool) -> Cost:
        """The cheapest gold of so many runs after one for warmth: as runs do it, or every mart ``whole``."""
        costs = [self._one(changes, whole=whole) for _ in range(rounds + 1)]
        return min(costs[1:])

    def _one(self, changes: str, *, whole: bool) -> Cost:
        with psycopg2.connect(self.environment.postgres.dsn) as database, database.cursor() as cursor:
            cursor.execute(changes)

        def measuring(lake: Lake, record: RunRecord, before: RunRecord | None) -> RunRecord:
            unknown = {name: replace(entry, basis=None) for name, entry in record.tables.items()}
            given = (replace(record, tables=unknown), None) if whole else (record, before)
            done: list[RunRecord] = []
            self.cost = measured(lambda: done.append(refreshed(lake, *given)))
            (self.record,) = done
            return self.record

        with mock.patch.object(gold, "refreshed", measuring):
            work.run(self.environment, self.settings, quiet)
        if self.cost is None:
            raise ValueError("the run took nothing in")
        print(f"{'whole' if whole else 'as a run does it'}: {self.cost.cpu:.1f} CPU s", flush=True)
        return self.cost

    def shown(self, changes: str) -> Grid:
        """From how many rows each mart was computed."""
        grid = Grid("mart", "computed from", title=f"gold after {changes}", title_justify="left")
        for mart in STANDARD.marts:
            if self.record is not None and mart.name in self.record.marts:
                read = self.record.slices.get(mart.name)
                grid.add_row(mart.name, "all rows" if read is None else f"{read:,} rows")
            else:
                grid.add_row(mart.name, "left alone")
        return grid


def main(chosen: argparse.Namespace) -> None:
    """Print, for each kind of changes, from how many rows each mart was computed, and the best of both ways."""
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
        own = replace(
            settings.from_environment(), home=Path(folder), postgres="auto", s3="localstack", driver_memory="4g"
        )
        with running(own) as environment:
            seeding.seed(environment.postgres.dsn, chosen.scale, 7, own.cache / "seeds", quiet)
            work.run(environment, own, quiet)
            runs = Runs(environment, own)
            peer = runs.best(CHANGES["of a business day"], chosen.rounds, whole=True)
            for name, changes in CHANGES.items():
                ours = runs.best(changes, chosen.rounds, whole=False)
                Console().print(runs.shown(f"1,000 changes {name}, scale {chosen.scale}"))
                print(
                    f"gold after 1,000 changes {name}: {ours.wall:.1f} s ({ours.cpu:.1f} CPU s), all of it whole "
                    f"{peer.wall:.1f} s ({peer.cpu:.1f} CPU s): {ours.cpu / peer.cpu:.2f} of it (aim {AT_MOST})"
                )
