"""The way from PostgreSQL to silver, each part beside a bare peer that does the least that gives the same tables."""

import argparse
import io
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg2
from psycopg2 import sql
from pyspark import StorageLevel
from pyspark.sql import DataFrame
from rich.console import Console
from rich.table import Table as Grid

from bench import tables
from bench.cost import Cost, measured, on_the_clock
from lakehouse_core import silver
from lakehouse_core.contracts import CONTRACTS, Phase, position
from lakehouse_core.flow import take_in
from lakehouse_core.intake import Taken
from lakehouse_core.ports import Storage
from lakehouse_core.tables import format_named
from lakehouse_core.tables.hudi import buckets_for
from lakehouse_local import settings
from lakehouse_local.capture import engine, manifest
from lakehouse_local.capture.dms import POC_WIRE
from lakehouse_local.environment import Environment
from lakehouse_local.lake import batch, bronze, sources
from lakehouse_local.lake.batch import Batch
from lakehouse_local.lake.lake import Lake
from lakehouse_local.lake.records import Applied, RunRecord, TableRecord
from lakehouse_local.providers.servers import running
from lakehouse_local.settings import Settings
from lakehouse_local.spark.session import session
from lakehouse_local.storage import S3Storage
from source_app import seeding

CHANGED = {"core_event": 6000, "core_orderitem": 2500, "core_order": 1000, "core_customer": 500}

Frames = Mapping[str, DataFrame]
"""By entity: what a run writes into that silver table, computed beforehand."""


@dataclass(frozen=True)
class Line:
    """Ours beside the peer's, and the ratio that is aimed at."""

    what: str
    ours: Cost
    peer: Cost
    at_most: float


class Nowhere(io.RawIOBase):
    """Takes what is written to it and forgets it."""

    def write(self, data: object) -> int:
        """Say that all was taken."""
        return len(data)  # type: ignore[arg-type]


def quiet(*_: object) -> None:
    """No progress."""


def bare_copy(environment: Environment) -> None:
    """COPY each of the eight tables out of PostgreSQL, to nowhere."""
    with psycopg2.connect(environment.postgres.dsn) as database, database.cursor() as cursor:
        for contract in CONTRACTS.values():
            table = sql.Identifier(contract.schema, contract.table)
            cursor.copy_expert(sql.SQL("copy {} to stdout (format csv)").format(table), Nowhere())


def change(environment: Environment) -> None:
    """Update 10,000 rows: events, order items, orders and customers."""
    with psycopg2.connect(environment.postgres.dsn) as database, database.cursor() as cursor:
        for table, rows in CHANGED.items():
            picked = sql.SQL(
                "update {0} set updated_at = updated_at + interval '1 second' where id in "
                "(select id from {0} order by md5(id::text) limit {1})"
            )
            cursor.execute(picked.format(sql.Identifier(table), sql.Literal(rows)))


def empty(lake: Lake, prefix: str = "") -> None:
    """Take silver (or what is below a prefix) away, so that it is loaded anew."""
    for key in list(lake.storage.keys(lake.silver, prefix)):
        lake.storage.delete(lake.silver, key)


def captured(storage: Storage, bucket: str) -> manifest.Manifest:
    """The newest manifest."""
    newest = manifest.newest(storage, bucket)
    if newest is None:
        raise SystemExit("nothing was captured")
    return newest


@contextmanager
def kept(frames: Frames) -> Iterator[Frames]:
    """The frames, computed and held, so that only the write of them is left."""
    for frame in frames.values():
        frame.persist(StorageLevel.MEMORY_AND_DISK).count()
    try:
        yield frames
    finally:
        for frame in frames.values():
            frame.unpersist()


def load_frames(lake: Lake, load: manifest.Manifest) -> tuple[Frames, Frames]:
    """The frames that a full load writes: into the tables, and into their histories."""
    with bronze.reading(lake, [load]) as read:
        taken = {
            entity: take_in(
                contract,
                read(contract),
                None,
                None,
                position(load.epoch, Phase.LOAD, 0, 0),
                clean=silver.CLEAN[entity],
                sessions=silver.event.sessions if entity == "event" else None,
            )
            for entity, contract in CONTRACTS.items()
        }
    return {entity: each.rows for entity, each in taken.items()}, {entity: each.log for entity, each in taken.items()}


def bare(lake: Lake, folder: str, frames: Frames, operation: str, options: dict[str, str]) -> None:
    """Write them by plain Hudi options, as many tables side by side as a run does, the largest first."""

    def write(entity: str) -> None:
        table = lake.base(CONTRACTS[entity])
        buckets = {"hoodie.bucket.index.num.buckets": str(buckets_for(table.rows_hint))}
        own = options | {"hoodie.table.name": entity} | (buckets if options is tables.BARE else {})
        tables.hudi(frames[entity], operation, own, f"s3a://{lake.silver}/{folder}/{entity}")

    order = sorted(frames, key=lambda entity: -CONTRACTS[entity].rows_hint)
    with ThreadPoolExecutor(batch.SIDE_BY_SIDE) as pool:
        list(pool.map(write, order))


def best(rounds: int, do: Callable[[], object], before: Callable[[], object] = quiet) -> Cost:
    """The least that a piece of work costs, the first round (which warms the JVM) thrown away."""
    costs = []
    for _ in range(rounds + 1):
        before()
        costs.append(measured(do))
    return min(costs[1:])


def first_result(chosen: Settings) -> Line:
    """From a cold start to Spark's first answer, beside a session of pyspark without any of our jars."""
    ask = ".range(3).selectExpr('sum(id)').collect()"
    ours = (
        "from lakehouse_local import settings; from lakehouse_local.spark.session import session;"
        f"session(settings.from_environment(), None, 'bench'){ask}"
    )
    plain = f"from pyspark.sql import SparkSession; SparkSession.builder.master('local[2]').getOrCreate(){ask}"
    run = lambda code: subprocess.run(  # noqa: E731
        [sys.executable, "-c", code], check=True, capture_output=True, cwd=chosen.home
    )
    run(ours)  # makes the class-data archive where there is none
    return Line(
        "first Spark result from cold | plain pyspark",
        on_the_clock(lambda: run(ours)),
        on_the_clock(lambda: run(plain)),
        2,
    )


def full_load(lake: Lake, load: manifest.Manifest, rounds: int) -> tuple[tuple[Line, Line], dict[str, Taken]]:
    """The eight tables into silver, beside a bare `bulk_insert` of the same frames on the same storage.

    Silver is each table and its history: one peer writes the tables' frames alone, the other both.
    """
    whole = Batch(1, (load,))
    taken: dict[str, Taken] = {}
    ours = best(rounds, lambda: taken.update(batch.take(lake, whole, None, quiet)), lambda: empty(lake))
    rows, logs = load_frames(lake, load)

    def bulk_insert(folder: str, frames: Frames) -> Cost:
        return best(
            rounds,
            lambda: bare(lake, folder, frames, "bulk_insert", tables.BARE),
            lambda: empty(lake, folder),
        )

    with kept(rows) as frames:
        of_tables = bulk_insert("bare", frames)
        bare(lake, "defaults", frames, "bulk_insert", tables.DEFAULTS)
    with kept(logs) as frames:
        of_histories = bulk_insert("history", frames)
    both = Cost(of_tables.cpu + of_histories.cpu, of_tables.wall + of_histories.wall)
    lines = (
        Line("full load into silver | bare bulk_insert of the tables' frames", ours, of_tables, 2.5),
        Line("full load into silver | bare bulk_insert of the tables' and the histories' frames", ours, both, 2.5),
    )
    return lines, taken


def changes(
    environment: Environment, chosen: Settings, lake: Lake, taken: dict[str, Taken], rounds: int
) -> tuple[Line, ...]:
    """10,000 changes into silver, beside bare upserts of the same rows into tables of their own."""
    costs: list[tuple[Cost, Cost, Cost]] = []
    last = captured(lake.storage, lake.bronze)
    floors = {f"silver.{entity}": TableRecord(each.commit, floor=each.floor) for entity, each in taken.items()}
    for round_ in range(rounds + 1):
        done = Applied(last.epoch, last.sequence, last.end_lsn)
        record = RunRecord(round_ + 1, last.clock_time, lake.format.name, last.wire, done, floors)
        change(environment)
        sources.capture(environment, chosen, quiet)
        new = Batch(round_ + 2, tuple(manifest.read_chain(lake.storage, lake.bronze, (done.epoch, done.sequence))))
        before = {entity: lake.format.history(lake.base(CONTRACTS[entity]))[-1].id for entity in CONTRACTS}
        ours = measured(lambda new=new, record=record: taken.update(batch.take(lake, new, record, quiet)))  # type: ignore[misc]
        touched = [entity for entity, contract in CONTRACTS.items() if new.touches(contract)]
        merged = {e: lake.format.changes_since(lake.base(CONTRACTS[e]), before[e]) for e in touched}
        with kept(merged) as frames:
            plain = measured(lambda frames=frames: bare(lake, "bare", frames, "upsert", tables.BARE))  # type: ignore[misc]
            usual = measured(lambda frames=frames: bare(lake, "defaults", frames, "upsert", tables.DEFAULTS))  # type: ignore[misc]
        costs.append((ours, plain, usual))
        last = captured(lake.storage, lake.bronze)
    ours, plain, usual = (min(each[place] for each in costs[1:]) for place in range(3))
    return (
        Line("10,000 changes into silver | bare BUCKET upsert of the same rows", ours, plain, 2.5),
        Line("10,000 changes into silver | upsert with Hudi's defaults", ours, usual, 0.5),
    )


def pipeline(chosen: Settings, scale: str, rounds: int) -> Iterator[Line]:
    """Each part's line, as soon as it is known."""
    yield first_result(chosen)
    with running(chosen) as environment:
        seeding.seed(environment.postgres.dsn, scale, 7, chosen.cache / "seeds", quiet)
        source, storage = sources.source_of(environment), S3Storage(environment.s3)
        bucket = chosen.naming.bucket("bronze")
        loaded = on_the_clock(lambda: engine.full_load(source, storage, bucket, POC_WIRE))
        copied = on_the_clock(lambda: bare_copy(environment))
        yield Line(
            "full load out of PostgreSQL | bare COPY",
            loaded,
            copied,
            3,
        )
        load = captured(storage, bucket)
        lake = Lake(
            chosen.naming, storage, spark := session(chosen, environment.s3, "bench"), format_named("hudi", spark)
        )
        lines, taken = full_load(lake, load, rounds)
        yield from lines
        yield from changes(environment, chosen, lake, taken, rounds)


def main(chosen: argparse.Namespace) -> None:
    """Print each line as it comes, then the grid."""
    grid = Grid("ours | peer", "ours s", "CPU s", "peer s", "CPU s", "ratio", "aim", title_justify="left")
    grid.title = f"pipeline, scale {chosen.scale}; ratio of CPU seconds"
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
        own = replace(settings.from_environment(), home=Path(folder), postgres="auto", s3="localstack")
        for line in pipeline(own, chosen.scale, chosen.rounds):
            cells = (each for cost in (line.ours, line.peer) for each in (f"{cost.wall:.1f}", f"{cost.cpu:.1f}"))
            ratio = line.ours.cpu / line.peer.cpu
            grid.add_row(line.what, *cells, f"{ratio:.2f}", f"{line.at_most}")
            print(f"{line.what}: {line.ours.wall:.1f} s, {line.peer.wall:.1f} s, ratio {ratio:.2f}", flush=True)
    Console().print(grid)
