"""The full load: a consistent snapshot, exported with the slot, copied by PostgreSQL itself into gzip files.

Rows are rendered in SQL and pass through ``COPY`` in blocks; no code of ours sees a single row.
"""

import hashlib
import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from queue import Queue

import psycopg2
from isal import igzip
from psycopg2.extensions import connection
from psycopg2.extras import LogicalReplicationConnection
from psycopg2.sql import SQL, Identifier

from lakehouse_core.contracts.envelope import Phase, position
from lakehouse_local.capture.errors import LoadBlocked
from lakehouse_local.capture.manifest import FileEntry
from lakehouse_local.capture.names import business_time, lsn_number
from lakehouse_local.capture.objects import GZIP_LEVEL, Bronze
from lakehouse_local.capture.source import CaptureSource, SourceTable, connected, fetch, measured, replicating
from lakehouse_local.capture.wire import Part, Snapshot, Wire

_READERS = 2
Progress = Callable[[str, int], None]
"""Told (schema.table, rows) for each stored file."""


@contextmanager
def locked(source: CaptureSource, tables: list[SourceTable], wait_seconds: float) -> Iterator[list[SourceTable]]:
    """Hold the tables (ACCESS SHARE), so that nobody truncates or rewrites one; the tables with their sizes.

    A load begins with it, before the slot's snapshot: TRUNCATE is not MVCC-safe, and a table that is truncated after
    the snapshot was taken would read as empty in it.

    Raises:
        LoadBlocked: somebody held one exclusively for longer; the transaction in the way is named.
    """
    with connected(source.capture_dsn) as guard, connected(source.owner_dsn) as owner:
        _lock_tables(guard, owner, tables, wait_seconds)
        yield measured(guard, tables)


@contextmanager
def exported_snapshot(source: CaptureSource, wait_seconds: float) -> Iterator[Snapshot]:
    """Create the slot and hold its snapshot open; the tables are ``locked`` meanwhile.

    Raises:
        LoadBlocked: the consistent point was not reached in time; the transaction in the way is named.
    """
    with ExitStack() as stack:
        control = stack.enter_context(connected(source.capture_dsn))
        replication = stack.enter_context(replicating(source.capture_dsn))
        # Of other roles' sessions PostgreSQL tells the capture role nothing; the owner sees the application's.
        owner = stack.enter_context(connected(source.owner_dsn))
        point, name = _create_slot(replication, (control, owner), source.slot, wait_seconds)
        with control.cursor() as cursor:
            import_snapshot(control, name)
            cursor.execute(
                "SELECT (SELECT split_part(setting, '=', 2) FROM pg_db_role_setting, unnest(setconfig) AS setting "
                " WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) AND setrole = 0 "
                " AND setting LIKE 'lakehouse.clock=%'), now()"
            )
            told, now = cursor.fetchone() or (None, datetime.now(UTC))
            cursor.execute("COMMIT")
        yield Snapshot(name, point, business_time(told) if told else now)


def import_snapshot(database: connection, name: str) -> None:
    """Open a transaction that sees the exported snapshot."""
    with database.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET TRANSACTION SNAPSHOT %s", (name,))


def _lock_tables(guard: connection, owner: connection, tables: list[SourceTable], wait_seconds: float) -> None:
    with guard.cursor() as cursor:
        cursor.execute("BEGIN READ ONLY")
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", (f"{int(wait_seconds * 1000)}ms",))
        try:
            names = SQL(", ").join(table.sql_name for table in tables)
            cursor.execute(SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names))
        except psycopg2.errors.LockNotAvailable as problem:
            holders = fetch(
                owner,
                "SELECT pid FROM pg_locks WHERE relation = ANY (%s::oid[]) AND mode = 'AccessExclusiveLock' AND granted",
                ([table.oid for table in tables],),
            )
            pids = [pid for (pid,) in holders]
            raise _blocked(owner, pids, "the tables could not be locked for reading", wait_seconds) from problem


def _create_slot(
    replication: LogicalReplicationConnection, helpers: tuple[connection, connection], slot: str, wait_seconds: float
) -> tuple[int, str]:
    command = SQL("CREATE_REPLICATION_SLOT {} LOGICAL pgoutput EXPORT_SNAPSHOT").format(Identifier(slot))
    with ThreadPoolExecutor(1) as pool:
        created = pool.submit(fetch, replication, command)
        try:
            ((_, point, snapshot, _),) = created.result(wait_seconds)
        except FutureTimeout as problem:
            control, owner = helpers
            waiting = replication.info.backend_pid
            ((pids,),) = fetch(owner, "SELECT pg_blocking_pids(%s)", (waiting,))
            error = _blocked(owner, pids, "the slot found no consistent point", wait_seconds)
            fetch(control, "SELECT pg_cancel_backend(%s)", (waiting,))
            raise error from problem
    return lsn_number(point), snapshot


def _blocked(owner: connection, pids: list[int], what: str, wait_seconds: float) -> LoadBlocked:
    rows = fetch(
        owner,
        "SELECT pid, coalesce(usename, '?'), coalesce(application_name, ''), "
        "coalesce(date_trunc('second', now() - xact_start)::text, 'an unknown time') "
        "FROM pg_stat_activity WHERE pid = ANY (%s) ORDER BY xact_start",
        (pids,),
    )
    who = "; ".join("process {} (role {}, application {!r}), open for {}".format(*row) for row in rows)
    return LoadBlocked(
        f"{what} within {wait_seconds:g} s; in the way is the transaction of {who or 'a process that has ended'}",
        hint="end that transaction (pg_terminate_backend), then load again",
    )


def parts(table: SourceTable, wire: Wire, first_number: int) -> list[Part]:
    """The files that a table becomes: about ``load_bytes`` of its size each."""
    count = max(1, min(-(-table.size // wire.load_bytes), table.pages))
    edges = [table.pages * n // count for n in range(count)]
    return [Part(table, first_number + n, edges[n], edges[n + 1] if n + 1 < count else None) for n in range(count)]


class Loader:
    """Copies parts to the bucket with two connections that share a snapshot."""

    def __init__(self, capture_dsn: str, snapshot: Snapshot, bronze: Bronze, epoch: int, progress: Progress) -> None:
        self._dsn = capture_dsn
        self._tables: tuple[SourceTable, ...] = ()
        self._snapshot = snapshot
        self._bronze = bronze
        self._position = position(epoch, Phase.LOAD, snapshot.consistent_point, 0)
        self._progress = progress
        self._telling = threading.Lock()

    def run(self, work: list[Part]) -> list[FileEntry]:
        """The files of all parts, in the order of ``work``; an empty part leaves none."""
        self._tables = tuple(dict.fromkeys(part.table for part in work))
        with ExitStack() as stack:
            databases: Queue[connection] = Queue()
            for _ in range(_READERS):
                database = stack.enter_context(connected(self._dsn))
                import_snapshot(database, self._snapshot.name)
                databases.put(database)

            def copy(part: Part) -> FileEntry | None:
                database = databases.get()
                try:
                    return self._copy(database, part)
                finally:
                    databases.put(database)

            pool = stack.enter_context(ThreadPoolExecutor(_READERS))
            # The largest tables first, so that both connections end at about the same time.
            started = {
                part: pool.submit(copy, part) for part in sorted(work, key=lambda each: each.table.size, reverse=True)
            }
            try:
                copied = [started[part].result() for part in work]
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return [entry for entry in copied if entry is not None]

    def _copy(self, database: connection, part: Part) -> FileEntry | None:
        raw = io.BytesIO()
        with database.cursor() as cursor:
            cursor.copy_expert(self._bronze.wire.copy_sql(part, self._snapshot, self._tables), raw, size=1 << 20)
            rows = cursor.rowcount
        if not rows:
            return None
        body = igzip.compress(raw.getbuffer(), GZIP_LEVEL, mtime=0)
        table = part.table
        key = self._bronze.wire.load_key(table.schema, table.name, part.number)
        self._bronze.store(key, body)
        with self._telling:
            self._progress(table.full_name, rows)
        digest = hashlib.sha256(body).hexdigest()
        return FileEntry(key, len(body), digest, rows, table.full_name, self._position, self._position)
