"""A running task: full load, cached changes, changes; in a thread of its own, which ends when it is told to."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from time import time
from typing import TypeVar

import psycopg2

from lakehouse_core.errors import LakehouseError
from lakehouse_local.capture import engine
from lakehouse_local.capture import source as database
from lakehouse_local.capture.errors import SourceGone, StorageGone
from lakehouse_local.capture.load import Loader, exported_snapshot, locked, parts
from lakehouse_local.capture.manifest import Manifest
from lakehouse_local.capture.objects import Bronze
from lakehouse_local.capture.source import SourceTable, connected, replicating
from lakehouse_local.capture.wire import Snapshot
from lakehouse_local.engines.dms import source as endpoint
from lakehouse_local.engines.dms.ledger import Ledger, TaskStorage
from lakehouse_local.engines.dms.losses import Loss
from lakehouse_local.engines.dms.plain import PlainStorage
from lakehouse_local.engines.dms.plan import Report, StopReason, TaskPlan

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


class _Stopping(Exception):
    """The task was told to end."""


class TaskRun(threading.Thread):
    """One run of a task, from its start to its end."""

    def __init__(self, plan: TaskPlan, ledger: Ledger, report: Report) -> None:
        super().__init__(daemon=True, name=f"dms {plan.source.slot}")
        self._plan = plan
        self._wire = plan.wire
        self._ledger = ledger
        self._report = report
        self._stopping = threading.Event()
        self._interrupt = threading.Event()
        self._lock = threading.Lock()
        self._reloads: list[tuple[str, str]] = []
        self._leaving = False
        self._reason = StopReason.NORMAL
        self._unkeyed: dict[str, tuple[int, int]] = {}
        storage = plan.storage if plan.wire.settings.gzip else PlainStorage(plan.storage)
        self._storage = TaskStorage(storage, ledger, self._take_losses, self._applied)
        self._bronze = Bronze(self._storage, plan.wire.settings.BucketName, plan.wire)

    def stop(self, reason: StopReason = StopReason.NORMAL) -> None:
        """End after what was read is stored; nothing that was not stored is acknowledged."""
        with self._lock:
            self._reason = reason
            self._stopping.set()
            self._interrupt.set()

    def leave(self) -> None:
        """End like :meth:`stop` and report nothing: the task goes on in another process."""
        self._leaving = True
        self.stop()

    def reload(self, tables: list[tuple[str, str]]) -> None:
        """Load these tables again, then go on."""
        with self._lock:
            self._reloads += [table for table in tables if table not in self._reloads]
            self._interrupt.set()

    def count_unkeyed(self) -> None:
        """Count the updates and deletes of tables without a key, which the stream of changes does not hold."""
        if not self._unkeyed or not self._plan.changes:
            return
        for name, (updates, deletes) in endpoint.unkeyed_changes(self._plan.source, list(self._unkeyed)).items():
            before = self._unkeyed[name]
            for loss, times in (
                (Loss.UPDATE_WITHOUT_KEY, updates - before[0]),
                (Loss.DELETE_WITHOUT_KEY, deletes - before[1]),
            ):
                if more := self._ledger.unkeyed(name, loss, times):
                    self._report.lost(name, loss, more)

    def run(self) -> None:
        """Do the plan, and tell how it ended."""
        timer = self._timer()
        try:
            reason = self._work()
        except _Stopping:
            reason = self._reason
        except (SourceGone, StorageGone) as problem:
            self._failed(StopReason.RECOVERABLE_ERROR, str(problem.message))
            return
        except (LakehouseError, psycopg2.Error) as problem:
            self._failed(
                StopReason.FATAL_ERROR, problem.message if isinstance(problem, LakehouseError) else str(problem)
            )
            return
        except Exception as problem:  # noqa: BLE001 - a thread's end must be seen in its task, whatever ended it
            _log.exception("task %s ended unexpectedly", self.name)
            self._failed(StopReason.FATAL_ERROR, f"unexpected: {problem!r}")
            return
        finally:
            if timer:
                timer.cancel()
        if not self._leaving:
            self._report.stopped(reason)

    def _failed(self, reason: StopReason, message: str) -> None:
        if not self._leaving:
            self._report.failed(reason, f"{message.strip()} Stop Reason {reason.value} Error Level FATAL")

    def _timer(self) -> threading.Timer | None:
        if self._plan.stop_at is None:
            return None
        seconds = max(0.0, (self._plan.stop_at - datetime.now(UTC)).total_seconds())
        timer = threading.Timer(seconds, self.stop, (StopReason.STOPPED_AT_SERVER_TIME,))
        timer.daemon = True
        timer.start()
        return timer

    def _work(self) -> StopReason:
        plan = self._plan
        tables = self._retried(self._tables) if plan.again else self._tables()
        self._report.running()
        if plan.fresh or self._ledger.checkpoint() is None or not plan.changes:
            self._load(tables)
            if not plan.changes:
                return StopReason.FULL_LOAD_ONLY_FINISHED
            if plan.stop_after is not None and plan.load:
                if plan.stop_after is StopReason.STOPPED_AFTER_CACHED_EVENTS:
                    self._stream(engine.current_lsn(plan.source))
                return plan.stop_after
        else:
            self._suspend(tables)
            self._watch_unkeyed(tables, anew=False)
        while not self._stopping.is_set():
            self._retried(self._leg)
        self.count_unkeyed()
        return self._reason

    def _tables(self) -> list[SourceTable]:
        with database.reachable(), connected(self._plan.source.capture_dsn) as control:
            if self._plan.changes:
                database.require_logical(control)
            return database.captured_tables(control, self._plan.source.mappings)

    def _retried(self, action: Callable[[], _Result]) -> _Result:
        """Try again while the source or S3 is away, with longer and longer pauses."""
        pause, failures = self._plan.retry_seconds, 0
        while True:
            try:
                return action()
            except (SourceGone, StorageGone) as problem:
                failures += 1
                if 0 <= self._plan.retries < failures:
                    raise
                self._report.log("E", f"{problem.message}; trying again in {pause:g} s")
                if self._stopping.wait(pause):
                    raise _Stopping from None
                pause = min(2 * pause, self._plan.retry_limit_seconds)

    def _load(self, tables: list[SourceTable]) -> None:
        plan = self._plan
        epoch = self._ledger.begin(table.full_name for table in tables)
        wanted = self._suspend(tables)
        if plan.changes:
            self._watch_unkeyed(tables, anew=True)
        with self._snapshot(tables) as snapshot:
            if plan.load:
                self._report.load_started()
                for table in wanted if plan.clear else ():
                    self._clear(table)
                for table in wanted:
                    self._load_table(table, snapshot, epoch)
                self._report.load_finished()
            else:
                for table in wanted:
                    self._ledger.table(table.full_name, state="Table completed")
            if plan.changes:
                manifest = self._first(snapshot, epoch)
                self._bronze.store_new(manifest.key, manifest.to_json())

    def _suspend(self, tables: list[SourceTable]) -> list[SourceTable]:
        """Set the tables aside that DMS cannot load; the others."""
        lost = [table for table in tables if not table.key and any(kind.endswith("[]") for kind in table.types)]
        for table in lost:
            self._ledger.table(table.full_name, state="Table error")
            self._report.log("E", f"{table.full_name} is suspended: it has an ARRAY column and no primary key")
        self._wire = replace(self._wire, suspended=frozenset(table.full_name for table in lost))
        self._bronze = Bronze(self._storage, self._bronze.bucket, self._wire)
        return [table for table in tables if table not in lost]

    def _snapshot(self, tables: list[SourceTable]) -> AbstractContextManager[Snapshot]:
        if self._plan.changes:
            return self._slot_snapshot(tables)
        return endpoint.plain_snapshot(self._plan.source, tables)

    @contextmanager
    def _slot_snapshot(self, tables: list[SourceTable]) -> Iterator[Snapshot]:
        """Make publications and slot anew; a slot that led nowhere is dropped again."""
        source = self._plan.source
        patience = self._plan.consistency_seconds
        with (
            database.reachable(),
            connected(source.capture_dsn) as control,
            locked(source, tables, patience),
        ):
            database.lock(control, source.slot)
            database.drop_slot(control, source.slot)
            endpoint.publish(source, tables)
            try:
                with exported_snapshot(source, patience) as snapshot:
                    yield snapshot
            except BaseException:
                with suppress(psycopg2.Error, LakehouseError):
                    database.drop_slot(control, source.slot)
                raise

    def _first(self, snapshot: Snapshot, epoch: int) -> Manifest:
        """The checkpoint from which changes are read."""
        source, wire = self._plan.source, self._wire
        with replicating(source.capture_dsn) as replication:
            identity = database.identity(replication)
        return Manifest(
            epoch=epoch,
            sequence=0,
            kind="load",
            wire=wire.name,
            layout=wire.layout,
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
            files=(),
        )

    def _clear(self, table: SourceTable) -> None:
        bucket = self._bronze.bucket
        for key in list(self._storage.keys(bucket, self._wire.folder(table.schema, table.name))):
            self._storage.delete(bucket, key)

    def _load_table(self, table: SourceTable, snapshot: Snapshot, epoch: int, state: str = "Full load") -> None:
        name = table.full_name
        self._ledger.table(name, state=state, load_started=time(), load_rows=0)

        def loaded(_: str, rows: int) -> None:
            self._ledger.loaded(name, rows)
            if self._stopping.is_set():
                raise _Stopping

        asked = {cut.lost_sql: cut.loss for cut in self._wire.narrowings(table.columns, table.types) if cut}
        lost = endpoint.count_lost(self._plan.source, table, snapshot, asked)
        with connected(self._plan.source.capture_dsn) as control:
            (sized,) = database.measured(control, [table])
        work = parts(sized, self._wire, first_number=1)
        Loader(self._plan.source.capture_dsn, snapshot, self._bronze, epoch, loaded).run(work)
        self._tell({(name, loss): times for loss, times in lost.items() if times}, keep=True)
        self._ledger.table(name, state="Table completed", load_ended=time())
        self._report.log(
            "I", f"Load finished for table {name}. {self._ledger.read()['tables'][name]['load_rows']} rows"
        )
        if self._stopping.is_set():
            raise _Stopping

    def _watch_unkeyed(self, tables: list[SourceTable], *, anew: bool) -> None:
        """Note where the counts of updates and deletes stand that no stream of changes holds."""
        unkeyed = [table for table in tables if table.unpublished_because]
        for table in unkeyed:
            self._report.log(
                "W",
                f"{table.full_name}: only inserts are captured, updates and deletes are ignored: "
                f"{table.unpublished_because}",
            )
        if anew and unkeyed:
            with database.reachable():
                counted = endpoint.unkeyed_changes(self._plan.source, [table.full_name for table in unkeyed])
            self._ledger.watch(counted)
        self._unkeyed = self._ledger.watched()

    def _leg(self) -> None:
        """Stream until somebody wants something."""
        with self._lock:
            wanted, self._reloads = self._reloads, []
            if not self._stopping.is_set():
                self._interrupt.clear()
        if wanted:
            try:
                with database.reachable():
                    self._reload(wanted)
            except (SourceGone, StorageGone):
                self.reload(wanted)
                raise
        else:
            self._stream(self._interrupt)

    def _stream(self, until: int | threading.Event) -> None:
        source = self._plan.source
        engine.stream(source, self._storage, self._bronze.bucket, self._wire, until, on_batch=self._stored)

    def _stored(self, manifest: Manifest) -> None:
        rows = sum(file.rows for file in manifest.files)
        self._report.log(
            "I", f"{len(manifest.files)} file(s) with {rows} change(s) up to LSN {manifest.end_lsn:X} stored"
        )
        self.count_unkeyed()

    def _reload(self, wanted: list[tuple[str, str]]) -> None:
        # First what was committed until now, so that as few changes as possible are written after a load that has them.
        self._stream(engine.current_lsn(self._plan.source))
        tables = [table for table in self._tables() if (table.schema, table.name) in wanted]
        with endpoint.plain_snapshot(self._plan.source, tables) as snapshot:
            for table in tables:
                if self._plan.clear:
                    self._clear(table)
                self._load_table(table, snapshot, int(self._ledger.read()["epoch"]), "Table is being reloaded")
                self._ledger.table(table.full_name, reloaded=True)

    def _applied(self, op: str) -> bool:
        settings = self._wire.settings
        return op == "I" or not (settings.CdcInsertsOnly or (op == "D" and settings.CdcInsertsAndUpdates))

    def _take_losses(self) -> dict[tuple[str, Loss], int]:
        lost = self._wire.losses.take()
        self._tell(lost, keep=False)
        return lost

    def _tell(self, lost: dict[tuple[str, Loss], int], *, keep: bool) -> None:
        if keep and lost:
            self._ledger.lose(lost)
        for (table, loss), times in lost.items():
            self._report.lost(table, loss, times)
