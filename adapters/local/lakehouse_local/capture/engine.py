"""Capture's three verbs: load everything, stream the changes, load everything again."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psycopg2
from psycopg2.extensions import connection

from lakehouse_core.errors import ObjectMissing
from lakehouse_core.ports import Storage
from lakehouse_local.capture import source as database
from lakehouse_local.capture.batch import OnBatch
from lakehouse_local.capture.dms import POC_WIRE
from lakehouse_local.capture.errors import AlreadyLoaded, CaptureError, Fenced, NotLoaded
from lakehouse_local.capture.load import Loader, Progress, exported_snapshot, locked, parts
from lakehouse_local.capture.manifest import FileEntry, Manifest, TableEntry, from_json
from lakehouse_local.capture.manifest import key as manifest_key
from lakehouse_local.capture.objects import Bronze
from lakehouse_local.capture.source import CaptureSource, SourceTable, connected, replicating
from lakehouse_local.capture.stream import OnIdle, Stream, StreamReport, Until
from lakehouse_local.capture.wire import Part, Wire

_WAIT_SECONDS = 60.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadReport:
    """What a full load stored: rows by ``schema.table`` (tables without rows included), files, bytes, seconds.

    ``warnings`` name the tables whose changes are not captured, and why.
    """

    epoch: int
    consistent_point: int
    rows: dict[str, int]
    files: int
    bytes: int
    seconds: float
    warnings: tuple[str, ...] = field(default=())


def full_load(
    source: CaptureSource,
    storage: Storage,
    bucket: str,
    wire: Wire = POC_WIRE,
    progress: Progress = lambda _table, _rows: None,
    *,
    wait_seconds: float = _WAIT_SECONDS,
    epoch: int = 1,
) -> LoadReport:
    """Make the publication and the slot and load every selected table from the slot's snapshot, as the first epoch.

    A slot without a load's manifest is what an interrupted load left: it is dropped and the load starts again.

    Args:
        source: the database.
        storage: where objects go.
        bucket: the bronze bucket.
        wire: how bronze is written; the one that the lake began with.
        progress: told (schema.table, rows) for each stored file.
        wait_seconds: how long open transactions of others may keep the load from its consistent point.
        epoch: above 1 where silver holds earlier epochs whose bronze was lost.

    Raises:
        AlreadyLoaded: the bucket has a full load.
        LoadBlocked: see ``wait_seconds``; the transaction in the way is named.
        CaptureError: another error of this room, by its own name.
    """
    bronze = Bronze(storage, bucket, wire)
    found = bronze.newest()
    if found is not None:
        raise AlreadyLoaded(
            f"bucket {bucket} has a full load (epoch {found.epoch})",
            hint="lakehouse replicate goes on from it; --reload loads everything again as a new epoch",
        )
    return _load(source, bronze, progress, epoch, wait_seconds)


def reload(
    source: CaptureSource,
    storage: Storage,
    bucket: str,
    wire: Wire = POC_WIRE,
    progress: Progress = lambda _table, _rows: None,
    *,
    wait_seconds: float = _WAIT_SECONDS,
) -> LoadReport:
    """Load everything again as the next epoch: the way back when the slot or the checkpoint cannot be used.

    Nothing that is stored is touched; keys that the new load does not have count as deleted.
    """
    bronze = Bronze(storage, bucket, wire)
    found = bronze.newest()
    if found is None:
        raise NotLoaded(f"bucket {bucket} has no full load to repeat", hint="lakehouse replicate")
    return _load(source, bronze, progress, found.epoch + 1, wait_seconds)


def stream(
    source: CaptureSource,
    storage: Storage,
    bucket: str,
    wire: Wire,
    until: Until,
    *,
    on_batch: OnBatch = lambda _manifest: None,
    on_idle: OnIdle = lambda _lsn: None,
) -> StreamReport:
    """Take in changes after the newest manifest, until an LSN is reached or an event is set.

    Args:
        source: the database.
        storage: where objects go.
        bucket: the bronze bucket, which has a full load.
        wire: how bronze is written; the one that the lake began with.
        until: an LSN (see :func:`current_lsn`) or an event.
        on_batch: told each manifest when it is durable and acknowledged.
        on_idle: told how far bronze is complete, also while nothing is captured.

    Raises:
        CaptureError: by its own name, see ``errors``; PostgreSQL was told nothing that S3 does not hold.
    """
    return Stream(source, Bronze(storage, bucket, wire), until, on_batch, on_idle).run()


def current_lsn(source: CaptureSource) -> int:
    """Where the source writes its WAL now: ``stream`` until here takes in all that was committed before this call."""
    with database.reachable(), connected(source.capture_dsn) as control:
        return database.current_lsn(control)


def uncaptured(source: CaptureSource) -> tuple[str, ...]:
    """A warning for each table that the mappings select and that was made after the load: nothing of it is captured."""
    with database.reachable(), connected(source.capture_dsn) as control:
        published = database.published_tables(control, source.publication)
        selected = database.captured_tables(control, source.mappings)
    return tuple(
        f"{table.full_name} was made after the load, and nothing of it is captured: lakehouse replicate --reload "
        "loads everything again as a new epoch, this table with it"
        for table in selected
        if not table.unpublished_because and table.full_name not in published
    )


def _load(source: CaptureSource, bronze: Bronze, progress: Progress, epoch: int, wait_seconds: float) -> LoadReport:
    started = time.monotonic()
    with database.reachable(), connected(source.capture_dsn) as control:
        database.require_logical(control)
        database.lock(control, source.slot)
        tables = database.captured_tables(control, source.mappings)
        warnings = tuple(_warning(table) for table in tables if table.unpublished_because)
        for warning in warnings:
            _log.warning(warning)
        # The locks first: where they cannot be had, the slot of the epoch before is still there.
        with locked(source, tables, wait_seconds) as tables, _slot_dropped_on_failure(control, source.slot):
            database.drop_slot(control, source.slot)
            published = [table for table in tables if not table.unpublished_because]
            database.ensure_publication(source.owner_dsn, source.publication, published)
            with exported_snapshot(source, wait_seconds) as snapshot:
                work = _work(tables, bronze.wire, _used_numbers(bronze, epoch))
                files = Loader(source.capture_dsn, snapshot, bronze, epoch, progress).run(work)
            with replicating(source.capture_dsn) as replication:
                identity = database.identity(replication)
            manifest = Manifest(
                epoch=epoch,
                sequence=0,
                kind="load",
                wire=bronze.wire.name,
                layout=bronze.wire.layout,
                slot=source.slot,
                publication=source.publication,
                system_identifier=identity.system_identifier,
                timeline=identity.timeline,
                start_lsn=snapshot.consistent_point,
                end_lsn=snapshot.consistent_point,
                consistent_point=snapshot.consistent_point,
                clock=snapshot.clock.isoformat(),
                change_counter=0,
                file_time=None,
                files=tuple(files),
                tables={table.full_name: _entry(table, files) for table in tables},
            )
            if not bronze.store_new(manifest.key, manifest.to_json()):
                raise Fenced(f"another process wrote {manifest.key}", hint="lakehouse replicate goes on from it")
    return LoadReport(
        epoch=epoch,
        consistent_point=snapshot.consistent_point,
        rows={name: entry.load_rows for name, entry in manifest.tables.items()},
        files=len(files),
        bytes=sum(file.bytes for file in files),
        seconds=time.monotonic() - started,
        warnings=warnings,
    )


@contextmanager
def _slot_dropped_on_failure(control: connection, slot: str) -> Iterator[None]:
    """Leave no slot behind that holds WAL for nobody."""
    try:
        yield
    except BaseException:
        with suppress(psycopg2.Error, CaptureError):
            database.drop_slot(control, slot)
        raise


def _warning(table: SourceTable) -> str:
    return (
        f"{table.full_name} is loaded once and its changes are not captured: {table.unpublished_because}, and in a "
        "publication the application's own UPDATE and DELETE on it would fail"
    )


def _entry(table: SourceTable, files: list[FileEntry]) -> TableEntry:
    rows = sum(file.rows for file in files if file.table == table.full_name)
    return TableEntry(table.columns, table.types, table.key, load_rows=rows)


def _work(tables: list[SourceTable], wire: Wire, used: dict[str, int]) -> list[Part]:
    return [part for table in tables for part in parts(table, wire, first_number=used.get(table.full_name, 0) + 1)]


def _used_numbers(bronze: Bronze, epoch: int) -> dict[str, int]:
    """The last load file's number of each table in earlier epochs: a reload leaves their files alone."""
    used: dict[str, int] = {}
    for earlier in range(1, epoch):
        try:
            load = from_json(bronze.storage.get(bronze.bucket, manifest_key(earlier, 0)))
        except ObjectMissing:
            continue  # lost with its files: there is nothing to leave alone
        for file in load.files:
            if file.table is not None:
                used[file.table] = max(used.get(file.table, 0), bronze.wire.load_number(file.key))
    return used


__all__ = ["LoadReport", "StreamReport", "Until", "current_lsn", "full_load", "reload", "stream", "uncaptured"]
