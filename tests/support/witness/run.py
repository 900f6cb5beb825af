"""One run of the program, seen by real Debezium and by our capture on both wires."""

from dataclasses import dataclass
from pathlib import Path

from psycopg2.extensions import parse_dsn

from lakehouse_local.capture import engine as capture
from lakehouse_local.capture.debezium import DebeziumSettings, DebeziumWire
from lakehouse_local.capture.dms import DmsWire
from lakehouse_local.capture.source import CaptureSource
from lakehouse_local.environment import PostgresPart, S3Part
from lakehouse_local.providers.s3_client import client
from lakehouse_local.providers.s3_export import create_bucket
from lakehouse_local.storage import S3Storage
from witness import engine, program
from witness.compare import PREFIX
from witness.events import Event, from_capture, from_debezium
from witness.fold import State, Table, folded_dms, in_database, tables_of

SECONDS = 120


@dataclass(frozen=True)
class Seen:
    """What became of the program: the tables, their rows at its end, and what each side said on the way."""

    tables: list[Table]
    state: dict[str, State]
    debezium: list[Event]
    ours: list[Event]
    dms: dict[str, State]


def see(postgres: PostgresPart, s3: S3Part, cache: Path, folder: Path) -> Seen:
    """Run the program before three readers of one WAL, each with a slot of its own."""
    dsn, reader = postgres.dsn, postgres.capture_dsn
    program.prepare(dsn, "witness")
    lines, storage = folder / "events.jsonl", S3Storage(s3)
    ours = (
        (CaptureSource(dsn, reader), "witness-dms", DmsWire()),
        (
            CaptureSource(dsn, reader, "lakehouse_events", "lakehouse_events"),
            "witness-events",
            DebeziumWire(DebeziumSettings(topic_prefix=PREFIX, database=parse_dsn(dsn)["dbname"])),
        ),
    )
    for _, bucket, _ in ours:
        create_bucket(client(s3), bucket, s3.region)
    with engine.running(_properties(reader), {"path": str(lines)}, cache, folder) as debezium:
        for source, bucket, wire in ours:
            capture.full_load(source, storage, bucket, wire)
        debezium.wait(lambda: _loaded(lines), "the end of its snapshot", SECONDS)
        program.run(dsn)
        until = capture.current_lsn(ours[0][0])
        for source, bucket, wire in ours:
            capture.stream(source, storage, bucket, wire, until)
        debezium.wait(lambda: _ended(lines), "the end of the program", SECONDS)
    tables = tables_of(dsn)
    return Seen(
        tables,
        {table.name: in_database(dsn, table) for table in tables},
        from_debezium(lines),
        from_capture(storage, ours[1][1]),
        {table.name: folded_dms(storage, ours[0][1], table) for table in tables},
    )


def _properties(reader: str) -> dict[str, str]:
    """The connector as our wire is meant to match it."""
    return engine.properties(
        reader,
        "witness",
        "witness",
        topic__prefix=PREFIX,
        tombstones__on__delete="true",
        skipped__operations="none",
        provide__transaction__metadata="true",
        decimal__handling__mode="string",
        time__precision__mode="adaptive_time_microseconds",
    )


def _loaded(lines: Path) -> bool:
    return any(event.op == "r" and event.value["source"]["snapshot"] == "last" for event in from_debezium(lines))


def _ended(lines: Path) -> bool:
    return any(event.op == "m" and event.value["message"]["prefix"] == program.END for event in from_debezium(lines))
