"""The stream of changes: replication messages -> transactions -> batches -> manifests -> acknowledgement.

What is acknowledged is the newest manifest's ``end_lsn``: the commit record's start plus one. It lies inside the last
transaction, so PostgreSQL sends nothing twice that is stored, and libpq's client (which would forward its
acknowledgement to the end of the WAL by itself once all that was *received* is acknowledged) never runs ahead of the
manifests. For the same reason an idle capture does not acknowledge keepalives: it lets go of WAL through a marker (a
logical message of its own) and an empty manifest, once 16 MiB are held.
"""

import select
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from threading import Event
from typing import Any, TypeVar
from uuid import uuid4

import psycopg2
from psycopg2.extensions import connection
from psycopg2.extras import LogicalReplicationConnection
from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential

from lakehouse_local.capture import source as database
from lakehouse_local.capture.batch import IDLE_WAL_BYTES, Batch, OnBatch
from lakehouse_local.capture.changes import MARKER, Assembler
from lakehouse_local.capture.errors import (
    RELOAD,
    CheckpointBehindSlot,
    NotLoaded,
    PublicationMissing,
    SlotLost,
    SourceReplaced,
)
from lakehouse_local.capture.manifest import Manifest
from lakehouse_local.capture.names import lsn_text
from lakehouse_local.capture.objects import Bronze
from lakehouse_local.capture.pgoutput import Commit, Relation, decode
from lakehouse_local.capture.source import CaptureSource
from lakehouse_local.capture.transaction import Transaction
from lakehouse_local.capture.wire import Shape

Until = int | Event
"""An LSN: take in every commit below it, then stop. An event: go on until it is set."""

_RECONNECTS = 6
_FEEDBACK_SECONDS = 5.0
_HEARTBEAT_SECONDS = 5.0
_POLL_SECONDS = 0.2
_Result = TypeVar("_Result")

OnIdle = Callable[[int], None]
"""Told an LSN whenever all that was committed below it is durable."""


@dataclass
class StreamReport:
    """What a stream stored: manifests, transactions, rows, files and their bytes, and the LSN below which all is stored."""

    manifests: int = 0
    transactions: int = 0
    rows: int = 0
    files: int = 0
    bytes: int = 0
    end_lsn: int = 0


class Stream:
    """One capture of changes, over as many connections as it takes."""

    def __init__(self, source: CaptureSource, bronze: Bronze, until: Until, on_batch: OnBatch, on_idle: OnIdle) -> None:
        self.source = source
        self.bronze = bronze
        self.until = until
        self.on_idle = on_idle
        self._on_batch = on_batch
        self._failures = 0
        self.report = StreamReport()

    def run(self) -> StreamReport:
        """Stream until the end that was asked for; SourceGone when PostgreSQL stays away."""
        attempts = Retrying(
            retry=retry_if_exception(database.gone),
            stop=self._give_up,
            wait=wait_exponential(multiplier=0.2, max=5),
            reraise=True,
        )
        with database.reachable():
            attempts(self._session)
        return self.report

    def _give_up(self, _: RetryCallState) -> bool:
        self._failures += 1
        return self._failures >= _RECONNECTS

    def _session(self) -> None:
        checkpoint = self.bronze.newest()
        if checkpoint is None:
            raise NotLoaded(f"bucket {self.bronze.bucket} has no full load", hint="lakehouse replicate loads first")
        self.report.end_lsn = checkpoint.end_lsn
        with (
            database.connected(self.source.capture_dsn) as control,
            database.replicating(self.source.capture_dsn) as replication,
            ThreadPoolExecutor(1) as pool,
        ):
            database.lock(control, self.source.slot)
            self._check(control, replication, checkpoint)
            try:
                _Session(self, checkpoint, (control, replication), pool).run()
            except psycopg2.errors.UndefinedObject as problem:
                raise PublicationMissing(
                    f"publication {self.source.publication} is not there: {problem}", hint=RELOAD
                ) from problem
            except psycopg2.errors.ObjectNotInPrerequisiteState as problem:
                raise SlotLost(f"slot {self.source.slot} cannot be read: {problem}", hint=RELOAD) from problem

    def _check(self, control: connection, replication: LogicalReplicationConnection, checkpoint: Manifest) -> None:
        """Refuse to go on where changes would be missed."""
        database.require_logical(control)
        found = database.identity(replication)
        if (found.system_identifier, found.timeline) != (checkpoint.system_identifier, checkpoint.timeline):
            raise SourceReplaced(
                f"the server is {found.system_identifier} on timeline {found.timeline}; the manifests are of "
                f"{checkpoint.system_identifier} on timeline {checkpoint.timeline}: its LSNs mean something else",
                hint=RELOAD,
            )
        if (written := database.current_lsn(control)) < checkpoint.end_lsn:
            raise SourceReplaced(
                f"the server's WAL ends at {lsn_text(written)}, before {lsn_text(checkpoint.end_lsn)}, which the manifests "
                "have already: it was put back to an earlier state, and its LSNs mean something else from there on",
                hint=RELOAD,
            )
        for publication in self.source.publications:
            database.require_publication(control, publication)
        slot = database.usable_slot(control, self.source.slot)
        if checkpoint.end_lsn < slot.confirmed_flush_lsn:
            raise CheckpointBehindSlot(
                f"slot {self.source.slot} was acknowledged up to {lsn_text(slot.confirmed_flush_lsn)}, but the newest "
                f"manifest {checkpoint.key} ends at {lsn_text(checkpoint.end_lsn)}: PostgreSQL would skip what lies between",
                hint=RELOAD,
            )

    def stored(self, manifest: Manifest, transactions: int) -> None:
        """Count a durable, acknowledged manifest and tell about it."""
        self._failures = 0
        self.report.manifests += 1
        self.report.transactions += transactions
        self.report.rows += sum(file.rows for file in manifest.files)
        self.report.files += len(manifest.files)
        self.report.bytes += sum(file.bytes for file in manifest.files)
        self.report.end_lsn = manifest.end_lsn
        self._on_batch(manifest)


class _Session:
    """The stream over one connection."""

    def __init__(
        self,
        stream: Stream,
        checkpoint: Manifest,
        databases: tuple[connection, LogicalReplicationConnection],
        pool: ThreadPoolExecutor,
    ) -> None:
        self._stream = stream
        self._control, replication = databases
        self._pool = pool
        self._cursor: Any = replication.cursor()
        self._assembler = Assembler(stream.bronze.wire, checkpoint, self._shape)
        self._batch = Batch(checkpoint, stream.bronze)
        self._received = False
        self._next_feedback = 0.0
        self._next_heartbeat = 0.0
        self._marker = b""
        self._end_marker = b""
        self._reached = False
        self._start_lsn = checkpoint.end_lsn

    def run(self) -> None:
        source = self._stream.source
        published = ",".join(f'"{name}"' for name in source.publications)
        self._beat(time.monotonic())
        self._cursor.start_replication(
            slot_name=source.slot,
            decode=False,
            start_lsn=self._start_lsn,
            # Until the first message has come, an automatic status would acknowledge what no manifest has.
            status_interval=3600,
            options={"proto_version": "1", "publication_names": published, "messages": "true"},
        )
        while not self._ended():
            message = self._cursor.read_message()
            if message is None:
                self._idle()
            else:
                self._received = True
                self._take(message.payload, message.data_start)
        if self._batch.pending:
            self._flush()

    def _take(self, payload: bytes, lsn: int) -> None:
        decoded = decode(payload)
        transaction = self._assembler.take(decoded, lsn)
        if transaction is not None:
            self._add(transaction)
        if isinstance(decoded, Commit):
            until = self._stream.until
            self._reached = isinstance(until, int) and (
                decoded.commit_lsn >= until or self._assembler.marker == self._end_marker != b""
            )
            if self._batch.due():
                self._flush()

    def _add(self, transaction: Transaction) -> None:
        try:
            if not self._batch.fits(transaction):
                self._flush()
            batch, counter = self._batch, self._assembler.counter
            if batch.fills_up(transaction):
                self._meanwhile(lambda: batch.add(transaction, counter))
            else:
                batch.add(transaction, counter)
        finally:
            transaction.close()

    def _flush(self) -> None:
        """Make the batch durable, then, and only then, tell PostgreSQL."""
        manifest = self._meanwhile(self._batch.finish)
        end = manifest.end_lsn
        self._cursor.send_feedback(write_lsn=end, flush_lsn=end, apply_lsn=end, force=True)
        transactions = self._batch.transactions
        self._batch = Batch(manifest, self._stream.bronze)
        self._stream.stored(manifest, transactions)

    def _meanwhile(self, action: Callable[[], _Result]) -> _Result:
        """Do what may take long (S3), and go on telling PostgreSQL that we live."""
        future = self._pool.submit(action)
        while True:
            try:
                return future.result(_FEEDBACK_SECONDS)
            except FutureTimeout:
                if future.done():
                    raise
                self._cursor.send_feedback(force=True)

    def _idle(self) -> None:
        now = time.monotonic()
        if self._batch.due():
            self._flush()
            return
        if not self._batch.pending:
            # The server says up to where it has sent all that there is; what no table of ours is in, it never sends.
            self._stream.on_idle(max(self._batch.end_lsn, self._cursor.wal_end))
        if self._received and now >= self._next_feedback:
            self._cursor.send_feedback(force=True)
            self._next_feedback = now + _FEEDBACK_SECONDS
        if now >= self._next_heartbeat:
            self._beat(now)
        wait = _POLL_SECONDS
        if self._batch.pending:
            wait = min(wait, max(0.0, self._stream.bronze.wire.batch_seconds - self._batch.age))
        select.select([self._cursor], [], [], wait)

    def _beat(self, now: float) -> None:
        """Send ourselves a marker, if it would tell something: the first one, the end, or how far the WAL is."""
        self._next_heartbeat = now + _HEARTBEAT_SECONDS
        until = self._stream.until
        lsn = database.current_lsn(self._control)
        is_end = isinstance(until, int) and lsn >= until and not self._end_marker
        if self._marker and not is_end and lsn - self._batch.end_lsn < IDLE_WAL_BYTES:
            return
        self._marker = uuid4().hex.encode()
        if is_end:
            self._end_marker = self._marker
        database.fetch(self._control, "SELECT pg_logical_emit_message(true, %s, %s)", (MARKER, self._marker.decode()))

    def _ended(self) -> bool:
        until = self._stream.until
        return self._reached if isinstance(until, int) else until.is_set()

    def _shape(self, relation: Relation) -> Shape:
        types = database.type_names(self._control, [(c.type_oid, c.type_modifier) for c in relation.columns])
        key = tuple(column.name for column in relation.columns if column.is_key)
        if relation.identity == "f":
            key = database.primary_key(self._control, relation.oid)
        return Shape(relation.schema, relation.table, tuple(c.name for c in relation.columns), types, key)
