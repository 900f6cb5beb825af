"""`make bench`: the pipeline's speed as ratios against a bare peer in the same run, then the table formats alone.

Wall seconds on a shared machine say little by themselves; each line shows ours, the bare peer's, and the ratio.
"""

import argparse
import io
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg2
from psycopg2 import sql
from rich.console import Console
from rich.table import Table as Grid

from bench import tables
from lakehouse_core import silver
from lakehouse_core.contracts import CONTRACTS, Phase, position
from lakehouse_core.flow import take_in
from lakehouse_core.tables import format_named
from lakehouse_local import settings
from lakehouse_local.capture import engine, manifest
from lakehouse_local.capture.settings import POC
from lakehouse_local.environment import Environment
from lakehouse_local.lake import bronze, sources, work
from lakehouse_local.lake.lake import Lake
from lakehouse_local.providers.servers import running
from lakehouse_local.settings import Settings
from lakehouse_local.spark.session import session
from lakehouse_local.storage import S3Storage
from source_app import seeding

CHANGES = 10_000


class Nowhere(io.RawIOBase):
    """Takes what is written to it and forgets it."""

    def write(self, data: object) -> int:
        """Say that all was taken."""
        return len(data)  # type: ignore[arg-type]


def seconds(do: Callable[[], object]) -> float:
    """Wall seconds of a call."""
    started = time.monotonic()
    do()
    return time.monotonic() - started


def bare_copy(environment: Environment) -> None:
    """COPY each of the eight tables out of PostgreSQL, to nowhere."""
    with psycopg2.connect(environment.postgres.dsn) as database, database.cursor() as cursor:
        for contract in CONTRACTS.values():
            table = sql.Identifier(contract.schema, contract.table)
            cursor.copy_expert(sql.SQL("copy {} to stdout (format csv)").format(table), Nowhere())


def bare_load(lake: Lake) -> None:
    """`bulk_insert` the very frames that a run writes into silver, eight tables, to a place of their own."""
    load = manifest.newest(lake.storage, lake.bronze)
    if load is None:
        raise SystemExit("nothing was captured")
    for contract in CONTRACTS.values():
        floor = position(load.epoch, Phase.LOAD, 0, 0)
        taken = take_in(
            contract,
            bronze.load(lake, load, contract),
            None,
            None,
            floor,
            clean=silver.CLEAN[contract.entity],
            sessions=silver.event.sessions if contract.entity == "event" else None,
        )
        table = lake.base(contract)
        lake.format.overwrite(replace(table, location=f"{table.location}_bare"), taken.rows)


def change(environment: Environment) -> None:
    """Update 10,000 rows: events, order items, orders and customers."""
    with psycopg2.connect(environment.postgres.dsn) as database, database.cursor() as cursor:
        for table, rows in (
            ("core_event", 6000),
            ("core_orderitem", 2500),
            ("core_order", 1000),
            ("core_customer", 500),
        ):
            picked = sql.SQL(
                "update {0} set updated_at = updated_at + interval '1 second' where id in "
                "(select id from {0} order by md5(id::text) limit {1})"
            )
            cursor.execute(picked.format(sql.Identifier(table), sql.Literal(rows)))


def pipeline(chosen: Settings, scale: str) -> list[tuple[str, float, float]]:
    """(what, our seconds, the peer's seconds) of the way from PostgreSQL to silver."""
    quiet = lambda *_: None  # noqa: E731
    with running(chosen) as environment:
        seeding.seed(environment.postgres.dsn, scale, 7, chosen.cache / "seeds", quiet)
        source, storage = sources.source_of(environment), S3Storage(environment.s3)
        loaded = seconds(lambda: engine.full_load(source, storage, chosen.naming.bucket("bronze"), POC))
        lines = [("full load out of PostgreSQL | bare COPY", loaded, seconds(lambda: bare_copy(environment)))]
        spark = session(chosen, environment.s3, "bench")
        lake = Lake(chosen.naming, storage, spark, format_named("hudi", spark))
        seconds(lambda: bare_load(lake))  # warms the JVM for both
        bare = seconds(lambda: bare_load(lake))
        report = work.run(environment, chosen, quiet)
        lines.append(("full load into silver | bulk_insert of the same frames", report.seconds["silver"], bare))
        for name in ("first", "second"):
            change(environment)
            report = work.run(environment, chosen, quiet)
            total = sum(counts.upserts for counts in report.tables.values())
            lines.append(
                (
                    f"{total:,} changes into silver, {name} time | gold of the same run",
                    report.seconds["silver"],
                    report.seconds["gold"],
                )
            )
    return lines


def main() -> None:
    """Run the pipeline at a scale, then the formats."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--scale", default="medium")
    scale = arguments.parse_known_args()[0].scale
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
        chosen = replace(settings.from_environment(), home=Path(folder), postgres="auto", s3="localstack")
        grid = Grid("ours | peer", "ours s", "peer s", "ratio", title=f"pipeline, scale {scale}", title_justify="left")
        for what, ours, peer in pipeline(chosen, scale):
            grid.add_row(what, f"{ours:.1f}", f"{peer:.1f}", f"{ours / peer:.2f}")
        Console().print(grid)
    tables.main()


if __name__ == "__main__":
    main()
