"""From the running source to bronze: a full load the first time, changes after that."""

import threading
import time
from dataclasses import dataclass

from psycopg2.extensions import parse_dsn
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from lakehouse_local.capture import engine, manifest
from lakehouse_local.capture.batch import OnBatch
from lakehouse_local.capture.errors import SlotInUse
from lakehouse_local.capture.manifest import Manifest
from lakehouse_local.capture.source import CaptureSource
from lakehouse_local.capture.stream import OnIdle
from lakehouse_local.capture.wire import Wire
from lakehouse_local.capture.wires import wire_named
from lakehouse_local.environment import Environment
from lakehouse_local.errors import CaptureBehind
from lakehouse_local.lake import mark, records
from lakehouse_local.progress import Say
from lakehouse_local.settings import Settings
from lakehouse_local.storage import S3Storage

NEW_LAKE_WIRE = "dms"
FOLLOW_SECONDS = 60.0
"""How long a run waits for a capture that another process does to come to what is committed now."""


@dataclass(frozen=True)
class Captured:
    """What a capture stored: rows of a full load (0 if there was none), rows of changes, seconds."""

    load_rows: int
    change_rows: int
    end_lsn: int
    seconds: float
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        load = f"{self.load_rows:,} rows loaded, " if self.load_rows else ""
        return f"{load}{self.change_rows:,} changes captured in {self.seconds:.1f} s"


def source_of(environment: Environment) -> CaptureSource:
    """The capture's view of the running PostgreSQL."""
    return CaptureSource(owner_dsn=environment.postgres.dsn, capture_dsn=environment.postgres.capture_dsn)


def capture(
    environment: Environment,
    settings: Settings,
    say: Say,
    *,
    until: threading.Event | int | None = None,
    reload: bool = False,
    wire: str | None = None,
    on_batch: OnBatch = lambda _manifest: None,
    on_idle: OnIdle = lambda _lsn: None,
) -> Captured:
    """Bring bronze up to date: load if there is nothing yet (or again, for ``reload``), then take in changes.

    ``until``: an event that stops it, an LSN to reach, or None for all that is committed when this is called.
    ``wire``: how bronze is written; None for the one that the lake began with, and DMS's for a new lake.
    ``on_batch`` hears of each manifest that is new, a load's too; ``on_idle`` how far bronze is complete.

    Raises:
        WireUnknown: there is no such wire.
        WireChanged: the lake began with another.
        LakehouseError: others, by name.
    """
    asked = None if wire is None else _wire(environment, wire)
    started = time.monotonic()
    storage, bucket, source = S3Storage(environment.s3), settings.naming.bucket("bronze"), source_of(environment)
    newest = manifest.newest(storage, bucket)
    last_run = records.latest(storage, settings.naming)
    runs = last_run.run if last_run else 0
    began_with = newest.wire if newest else last_run.wire if last_run else NEW_LAKE_WIRE
    on = asked or _wire(environment, began_with)
    load: engine.LoadReport | None = None

    def loading(table: str, rows: int) -> None:
        say(f"full load: {table}, {rows:,} rows")

    if reload:
        # The way back from a lake that lost objects: what is there now is where it begins again.
        if newest:
            load = engine.reload(source, storage, bucket, on, loading)
        else:
            seen = max(mark.read(settings.home).epoch, last_run.applied_until.epoch if last_run else 0)
            load = engine.full_load(source, storage, bucket, on, loading, epoch=seen + 1)
        mark.restart(settings.home, manifest=(load.epoch, 0), run=runs)
    else:
        mark.check(settings.home, manifest=_place(newest), run=runs)
        if newest is None:
            load = engine.full_load(source, storage, bucket, on, loading)
    if load and (loaded := manifest.newest(storage, bucket)):
        on_batch(loaded)

    def taken(stored: Manifest) -> None:
        mark.advance(settings.home, manifest=_place(stored))
        on_batch(stored)
        rows = sum(file.rows for file in stored.files)
        if rows:
            say(f"{rows:,} changes captured, up to business time {stored.clock_time:%Y-%m-%d %H:%M} UTC")

    target = engine.current_lsn(source) if until is None else until
    try:
        report = engine.stream(source, storage, bucket, on, target, on_batch=taken, on_idle=on_idle)
        changes, end = report.rows, report.end_lsn
    except SlotInUse:
        if not isinstance(target, int):
            raise
        say("another process is capturing: waiting until it has come to what is committed now")
        changes, end = 0, _follow(storage, bucket, target)
    mark.advance(settings.home, manifest=_place(manifest.newest(storage, bucket)))
    return Captured(
        load_rows=sum(load.rows.values()) if load else 0,
        change_rows=changes,
        end_lsn=end,
        seconds=time.monotonic() - started,
        warnings=(*(load.warnings if load else ()), *engine.uncaptured(source)),
    )


def _wire(environment: Environment, name: str) -> Wire:
    return wire_named(name, parse_dsn(environment.postgres.dsn)["dbname"])


def _place(found: Manifest | None) -> tuple[int, int] | None:
    return (found.epoch, found.sequence) if found else None


def _follow(storage: S3Storage, bucket: str, target: int) -> int:
    """Wait until the newest manifest reaches the LSN; CaptureBehind after a minute."""

    def reached() -> int:
        newest = manifest.newest(storage, bucket)
        return newest.end_lsn if newest else 0

    wait = Retrying(
        stop=stop_after_delay(FOLLOW_SECONDS), wait=wait_fixed(0.2), retry=retry_if_result(lambda end: end < target)
    )
    try:
        end: int = wait(reached)
    except RetryError:
        raise CaptureBehind(
            f"the capture in another process has not come to LSN {target:X} within {FOLLOW_SECONDS:.0f} s",
            hint="look at its output, or stop it: lakehouse run captures by itself",
        ) from None
    return end
