"""Changes a second from PostgreSQL's WAL to S3: our capture on both wires beside real Debezium, in one run.

Each reads the same backlog (its slot is its own) while the others stand still. Debezium's engine runs in a JVM of its own
with its own compiler and collector settings, long batches and a warm start; its sink writes the same JSON lines, gzip
of the same level, in files of the same size, to the same S3. How long that sink took stands apart, because it is Python
that is called from Java: without it is the most that Debezium itself could do.
"""

import argparse
import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psycopg2
from psycopg2.extensions import parse_dsn
from rich.console import Console
from rich.table import Table as Grid

from lakehouse_local import settings
from lakehouse_local.capture import engine
from lakehouse_local.capture.debezium import DebeziumSettings, DebeziumWire
from lakehouse_local.capture.dms import POC_WIRE
from lakehouse_local.capture.source import CaptureSource
from lakehouse_local.capture.wire import Wire
from lakehouse_local.environment import Environment
from lakehouse_local.providers.s3_client import client
from lakehouse_local.providers.s3_export import create_bucket
from lakehouse_local.providers.servers import running
from lakehouse_local.settings import Settings
from lakehouse_local.storage import S3Storage
from source_app import seeding
from tests.support.witness import engine as debezium

CHANGES = 100_000
IN_A_TRANSACTION = 100
AIM = 5
_SECONDS = 300
_END = "bench.end"
_BATCHES = {"max__batch__size": "16384", "max__queue__size": "65536"}


@dataclass(frozen=True)
class Side:
    """One of our captures: a slot, a bucket and a wire of its own."""

    source: CaptureSource
    bucket: str
    wire: Wire


def quiet(*_: object) -> None:
    """No progress."""


def change(environment: Environment, round_: int) -> None:
    """Update rows of orders and their items, a hundred to a transaction, and say in the WAL that this was all."""
    with psycopg2.connect(environment.postgres.dsn) as database, database.cursor() as cursor:
        cursor.execute("SELECT array_agg(id ORDER BY id) FROM core_orderitem")
        ((ids,),) = cursor.fetchall()
        for start in range(0, CHANGES, IN_A_TRANSACTION):
            chosen = [ids[at % len(ids)] for at in range(start, start + IN_A_TRANSACTION)]
            cursor.execute(
                "UPDATE core_orderitem SET updated_at = updated_at + interval '1 second' WHERE id = ANY (%s)", (chosen,)
            )
            database.commit()
        cursor.execute("SELECT pg_logical_emit_message(true, %s, %s)", (_END, str(round_)))


@contextmanager
def still(process: int) -> Iterator[None]:
    """The process does nothing meanwhile."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def reports(path: Path) -> list[dict[str, float]]:
    """What the sink has reported."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def sides_of(environment: Environment, naming_bucket: str) -> dict[str, Side]:
    """Our two captures; the buckets beside the lake's are made here."""
    dsn, reader = environment.postgres.dsn, environment.postgres.capture_dsn
    for bucket in ("bench-events", "bench-debezium"):
        create_bucket(client(environment.s3), bucket, environment.s3.region)
    events = DebeziumWire(DebeziumSettings(database=parse_dsn(dsn)["dbname"]))
    return {
        "ours, dms": Side(CaptureSource(dsn, reader), naming_bucket, POC_WIRE),
        "ours, debezium": Side(CaptureSource(dsn, reader, "events", "events"), "bench-events", events),
    }


def measured(chosen: Settings, scale: str, rounds: int) -> dict[str, float]:
    """By reader: the least seconds that a round took, after a first one that warms."""
    best: dict[str, float] = {}
    with running(chosen) as environment:
        seeding.seed(environment.postgres.dsn, scale, 7, chosen.cache / "seeds", quiet)
        sides, storage = sides_of(environment, chosen.naming.bucket("bronze")), S3Storage(environment.s3)
        for side in sides.values():
            engine.full_load(side.source, storage, side.bucket, side.wire)
        report = chosen.home / "sink.jsonl"
        wire = DebeziumWire()
        sink = {
            "s3": asdict(environment.s3), "bucket": "bench-debezium", "report": str(report), "level": 1,
            "bytes": wire.batch_bytes, "seconds": wire.batch_seconds,
        }  # fmt: skip
        told = debezium.properties(
            environment.postgres.capture_dsn, "debezium", "events", topic__prefix="lakehouse",
            snapshot__mode="no_data", skipped__operations="none", provide__transaction__metadata="true",
            message__prefix__include__list=_END, decimal__handling__mode="string",
            time__precision__mode="adaptive_time_microseconds", **_BATCHES,
        )  # fmt: skip
        with debezium.running(told, sink, chosen.cache, chosen.home / "debezium", ()) as peer:
            _until_streaming(environment, peer, report)
            for round_ in range(rounds + 1):
                took = _round(environment, sides, peer, report, round_)
                if round_:
                    best = {name: min(seconds, best.get(name, seconds)) for name, seconds in took.items()}
    return best


def _until_streaming(environment: Environment, peer: debezium.Debezium, report: Path) -> None:
    """Say the end again and again until Debezium hears it."""

    def heard() -> bool:
        with psycopg2.connect(environment.postgres.dsn) as database, database.cursor() as cursor:
            cursor.execute("SELECT pg_logical_emit_message(true, %s, 'are you there')", (_END,))
        time.sleep(0.5)
        return bool(reports(report))

    peer.wait(heard, "its stream", _SECONDS)
    time.sleep(2)  # the last of these messages


def _round(
    environment: Environment, sides: dict[str, Side], peer: debezium.Debezium, report: Path, round_: int
) -> dict[str, float]:
    took: dict[str, float] = {}
    storage, seen = S3Storage(environment.s3), reports(report)
    with still(peer.process.pid):
        change(environment, round_)
        for name, side in sides.items():
            until = engine.current_lsn(side.source)
            started = time.monotonic()
            stored = engine.stream(side.source, storage, side.bucket, side.wire, until)
            took[name] = time.monotonic() - started
            if stored.rows != CHANGES:
                raise SystemExit(f"{name} stored {stored.rows} changes, not {CHANGES}")
    started = time.monotonic()
    peer.wait(lambda: len(reports(report)) > len(seen), "the end of the round", _SECONDS)
    took["Debezium"] = time.monotonic() - started
    told = reports(report)[-1]
    events, sink = told["events"] - seen[-1]["events"], told["seconds"] - seen[-1]["seconds"]
    # Beside the changes: BEGIN and END of each transaction, and the end message with its own two.
    wanted = CHANGES + 2 * (CHANGES // IN_A_TRANSACTION) + 3
    if events < wanted:
        raise SystemExit(f"Debezium stored {events} events, not {wanted}")
    took["Debezium without its sink"] = took["Debezium"] - sink
    return took


def main(chosen: argparse.Namespace) -> None:
    """Print changes a second, and how many times Debezium's."""
    reason = debezium.obstacle(settings.from_environment().cache)
    if reason:
        print(f"debezium: not run: {reason}")
        return
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
        own = replace(settings.from_environment(), home=Path(folder), postgres="auto", s3="localstack")
        best = measured(own, chosen.scale, chosen.rounds)
    grid = Grid("reader", "s", "changes/s", "times Debezium", "times without its sink", "aim", title_justify="left")
    grid.title = f"{CHANGES:,} changes from the WAL to S3, {IN_A_TRANSACTION} a transaction"
    for name, seconds in best.items():
        times = (f"{best[peer] / seconds:.1f}" for peer in ("Debezium", "Debezium without its sink"))
        grid.add_row(name, f"{seconds:.2f}", f"{CHANGES / seconds:,.0f}", *times, f"{AIM}" if "ours" in name else "")
    Console().print(grid)
