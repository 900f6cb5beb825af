"""A run's fixed cost: one of the eight tables has changed, on a warm session, for both formats, by stage.

The capture has been done before: its cost follows the changes and is the pipeline's business.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import psycopg2
from rich.console import Console
from rich.table import Table as Grid

from bench.cost import Cost, measured
from lakehouse_core.tables import FORMATS
from lakehouse_local import settings
from lakehouse_local.environment import Environment
from lakehouse_local.lake import sources, work
from lakehouse_local.lake.work import RunReport
from lakehouse_local.providers import s3_client, s3_export
from lakehouse_local.providers.servers import running
from lakehouse_local.settings import Settings
from lakehouse_local.storage import S3Storage
from source_app import seeding

AT_MOST_SECONDS = 5.0
CHANGES = {
    "100 events": "update core_event set updated_at = updated_at + interval '1 second' where id <= 100",
    "100 orders": "update core_order set updated_at = updated_at + interval '1 second' where id <= 100",
}


def quiet(*_: object) -> None:
    """No progress."""


class Lakes:
    """One source and one capture; a lake of each format is given the same bronze."""

    def __init__(self, environment: Environment, chosen: Settings) -> None:
        self.environment = environment
        self.chosen = chosen
        # A home of its own, too: each remembers how far its one lake has come.
        self.each = {
            name: replace(chosen, home=chosen.home / name, naming=replace(chosen.naming, suffix=name))
            for name in FORMATS
        }
        for lake in self.each.values():
            lake.home.mkdir()
            for layer in ("bronze", "silver", "gold"):
                part = environment.s3
                s3_export.create_bucket(s3_client.client(part), lake.naming.bucket(layer), part.region)

    def capture(self) -> None:
        """Bring bronze up to date, and every lake's copy of it."""
        sources.capture(self.environment, self.chosen, quiet)
        storage, bucket = S3Storage(self.environment.s3), self.chosen.naming.bucket("bronze")
        for key in storage.keys(bucket, ""):
            body = storage.get(bucket, key)
            for lake in self.each.values():
                storage.put(lake.naming.bucket("bronze"), key, body)

    def run(self, format_name: str) -> tuple[Cost, RunReport]:
        """Take in what is new."""
        reports: list[RunReport] = []
        nothing = sources.Captured(0, 0, 0, 0.0)
        cost = measured(
            lambda: reports.append(
                work.take_in(self.environment, self.each[format_name], nothing, quiet, table_format=format_name)
            )
        )
        return cost, reports[0]

    def change(self, statement: str) -> None:
        """Commit one change in the source."""
        with psycopg2.connect(self.environment.postgres.dsn) as database, database.cursor() as cursor:
            cursor.execute(statement)


def main(chosen: argparse.Namespace) -> None:
    """Print the best round of each change and format."""
    grid = Grid("changed", "format", "wall s", "CPU s", "silver s", "gold s", "marts", "aim s", title_justify="left")
    grid.title = f"a run of which one table has changed, scale {chosen.scale}, warm"
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
        own = replace(settings.from_environment(), home=Path(folder), postgres="auto", s3="localstack")
        with running(own) as environment:
            seeding.seed(environment.postgres.dsn, chosen.scale, 7, own.cache / "seeds", quiet)
            lakes = Lakes(environment, own)
            lakes.capture()
            for name in FORMATS:
                lakes.run(name)
            for what, statement in CHANGES.items():
                found: dict[str, list[tuple[Cost, RunReport]]] = {name: [] for name in FORMATS}
                for _ in range(chosen.rounds + 1):
                    lakes.change(statement)
                    lakes.capture()
                    for name, costs in found.items():
                        costs.append(lakes.run(name))
                for name, costs in found.items():
                    cost, report = min(costs[1:], key=lambda each: each[0].wall)
                    parts = (f"{report.seconds[stage]:.1f}" for stage in ("silver", "gold"))
                    figures = (f"{cost.wall:.1f}", f"{cost.cpu:.1f}", *parts)
                    grid.add_row(what, name, *figures, str(len(report.marts)), f"{AT_MOST_SECONDS:.0f}")
                    print(f"run, {what} changed, {name}: {cost.wall:.1f} s, CPU {cost.cpu:.1f} s", flush=True)
    Console().print(grid)
