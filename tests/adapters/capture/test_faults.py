"""What goes wrong with servers, slots and buckets: each has its own error, and nothing is acknowledged too early."""

import resource
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest
from captured import BUCKET, ITEMS, Capture
from psycopg2.extensions import connection, make_dsn

from lakehouse_local.capture import engine, errors, manifest
from lakehouse_local.capture.dms import POC_WIRE
from lakehouse_local.capture.source import CaptureSource
from lakehouse_local.environment import PostgresPart
from lakehouse_local.providers import roles, servers
from lakehouse_local.providers.errors import ProviderUnavailable, S3Unreachable
from lakehouse_local.providers.passwords import passwords_of
from lakehouse_local.settings import Settings
from lakehouse_local.storage import S3Storage


def _one(database: connection, sql: str) -> object:
    with database.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
        return row and row[0]


@dataclass
class Failing:
    """An S3 that fails from the nth write on, before or after storing, until it is mended."""

    inner: S3Storage
    after_writes: int
    stores_first: bool = False
    broken: bool = True
    writes: int = 0

    def _fail(self) -> bool:
        self.writes += 1
        return self.broken and self.writes > self.after_writes

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Store, or fail."""
        if self._fail():
            raise S3Unreachable("down")
        self.inner.put(bucket, key, body)

    def put_if_absent(self, bucket: str, key: str, body: bytes) -> bool:
        """Store if absent, or fail."""
        failing = self._fail()
        if failing and not self.stores_first:
            raise S3Unreachable("down")
        done = self.inner.put_if_absent(bucket, key, body)
        if failing:
            self.broken = False
            raise S3Unreachable("stored, but the answer was lost")
        return done

    def get(self, bucket: str, key: str) -> bytes:
        """Read."""
        return self.inner.get(bucket, key)

    def keys(self, bucket: str, prefix: str):  # type: ignore[no-untyped-def]  # noqa: ANN201
        """List."""
        return self.inner.keys(bucket, prefix)

    def delete(self, bucket: str, key: str) -> None:
        """Remove."""
        self.inner.delete(bucket, key)


def test_changes_before_a_load_are_refused(capture: Capture) -> None:
    """Streaming without a load says that a load comes first."""
    with pytest.raises(errors.NotLoaded):
        capture.drain()


def test_a_second_load_is_refused(capture: Capture) -> None:
    """A full load over a full load is refused; a reload is a new epoch that leaves the old files alone."""
    capture.sql(ITEMS, "INSERT INTO item VALUES (1)")
    capture.load()
    with pytest.raises(errors.AlreadyLoaded):
        capture.load()
    capture.sql("INSERT INTO item VALUES (2)")
    report = engine.reload(capture.source, capture.storage, BUCKET, POC_WIRE)
    assert (report.epoch, report.rows) == (2, {"public.item": 2})
    capture.sql("INSERT INTO item VALUES (3)")
    capture.drain()
    names = [file.key.rsplit("/", 1)[1] for each in capture.chain() for file in each.files]
    assert names[:2] == ["LOAD00000001.csv.gz", "LOAD00000002.csv.gz"]
    assert [(each.epoch, each.sequence) for each in capture.chain()] == [(1, 0), (2, 0), (2, 1)]
    assert [c.values[0] for c in capture.changes()] == ["3"]


def test_an_interrupted_load_is_repeated(capture: Capture) -> None:
    """A load that fails leaves no slot; one that was killed (a slot, no manifest) is loaded again."""
    capture.sql(ITEMS, "INSERT INTO item VALUES (1)")
    broken = Failing(capture.storage, after_writes=1)
    with pytest.raises(errors.StorageGone):
        engine.full_load(capture.source, broken, BUCKET, POC_WIRE)
    assert _one(capture.app, "SELECT count(*) FROM pg_replication_slots") == 0
    assert capture.chain() == []
    killed = psycopg2.connect(capture.source.capture_dsn)
    killed.set_session(autocommit=True)
    assert _one(killed, "SELECT slot_name FROM pg_create_logical_replication_slot('lakehouse', 'pgoutput')")
    killed.close()
    capture.sql("INSERT INTO item VALUES (2)")
    assert capture.load().rows == {"public.item": 2}


def test_a_missing_slot_is_named(capture: Capture) -> None:
    """Without its slot, capture stops and says how to go on; a reload does."""
    capture.sql(ITEMS)
    capture.load()
    dropper = psycopg2.connect(capture.source.capture_dsn)
    dropper.set_session(autocommit=True)
    _one(dropper, "SELECT pg_drop_replication_slot('lakehouse')")
    dropper.close()
    with pytest.raises(errors.SlotMissing, match="reload"):
        capture.drain()
    engine.reload(capture.source, capture.storage, BUCKET, POC_WIRE)
    assert capture.drain().rows == 0


def test_a_lost_slot_is_named(capture: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slot whose WAL was removed is an error, never a silent new start."""
    monkeypatch.setitem(roles.SERVER_SETTINGS, "max_slot_wal_keep_size", "1MB")
    monkeypatch.setitem(roles.SERVER_SETTINGS, "max_wal_size", "32MB")
    with ExitStack() as stack:
        try:
            part = stack.enter_context(servers.running_postgres(Settings(tmp_path, tmp_path, postgres="installed")))
        except ProviderUnavailable as missing:
            pytest.skip(str(missing))
        app = stack.enter_context(closing(psycopg2.connect(part.dsn)))
        admin_dsn = make_dsn(part.dsn, user=roles.ADMIN, password=passwords_of(tmp_path).admin)
        admin = stack.enter_context(closing(psycopg2.connect(admin_dsn)))
        app.set_session(autocommit=True)
        admin.set_session(autocommit=True)
        small = Capture(CaptureSource(part.dsn, part.capture_dsn), capture.storage, app)
        small.sql(ITEMS, "CREATE TABLE filler (t text)")
        small.load()
        for _ in range(10):
            small.sql("INSERT INTO filler SELECT repeat(md5(n::text), 40) FROM generate_series(1, 20000) AS n")
            with admin.cursor() as cursor:
                cursor.execute("SELECT pg_switch_wal()")
                cursor.execute("CHECKPOINT")
            if _one(admin, "SELECT wal_status FROM pg_replication_slots") == "lost":
                break
        with pytest.raises(errors.SlotLost, match="reload"):
            small.drain()


def test_a_checkpoint_older_than_the_slot_is_named(capture: Capture) -> None:
    """If somebody else acknowledged changes that no manifest has, capture stops."""
    capture.sql(ITEMS)
    capture.load()
    capture.sql("INSERT INTO item VALUES (1)")
    other = psycopg2.connect(capture.source.capture_dsn)
    other.set_session(autocommit=True)
    _one(other, "SELECT count(*) FROM pg_replication_slot_advance('lakehouse', pg_current_wal_lsn())")
    other.close()
    with pytest.raises(errors.CheckpointBehindSlot):
        capture.drain()


def test_another_server_is_named(capture: Capture) -> None:
    """Manifests of another server (or timeline) are not gone on from."""
    capture.sql(ITEMS)
    capture.load()
    (load,) = capture.chain()
    capture.storage.put(BUCKET, load.key, replace(load, system_identifier="7").to_json())
    with pytest.raises(errors.SourceReplaced):
        capture.drain()


def test_a_server_that_was_put_back_is_named(capture: Capture, tmp_path: Path) -> None:
    """A copy of the data from before has the identity and the timeline of the server; its WAL ends too early."""
    server = servers.Servers(Settings(tmp_path, tmp_path, postgres="installed"))

    @contextmanager
    def started() -> Iterator[Capture]:
        try:
            part = server.start_postgres(lambda _: None)
        except ProviderUnavailable as missing:
            pytest.skip(str(missing))
        with closing(psycopg2.connect(part.dsn)) as app:
            app.set_session(autocommit=True)
            yield Capture(CaptureSource(part.dsn, part.capture_dsn), capture.storage, app)
        server.stop()

    try:
        with started() as source:
            source.sql(ITEMS)
            source.load()
            admin_dsn = make_dsn(source.source.owner_dsn, user=roles.ADMIN, password=passwords_of(tmp_path).admin)
            with closing(psycopg2.connect(admin_dsn)) as admin:
                data = Path(str(_one(admin, "SHOW data_directory")))
        subprocess.run(["/bin/cp", "-a", data, data.with_name("copy")], check=True)
        with started() as source:
            source.sql("INSERT INTO item SELECT generate_series(1, 1000)")
            source.drain()
        shutil.rmtree(data)
        data.with_name("copy").rename(data)
        with started() as source:
            source.sql("INSERT INTO item VALUES (5)")
            with pytest.raises(errors.SourceReplaced, match="put back"):
                source.drain()
            engine.reload(source.source, source.storage, BUCKET, POC_WIRE)
            assert source.loaded("public.item")[-1][2] == "5"
    finally:
        server.stop()
        server.discard()


def test_no_room_for_a_long_transaction_is_named(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that does not fit into memory nor on the disk ends the capture; with room, it is taken in."""
    capture.sql(ITEMS)
    capture.load()
    capture.sql("INSERT INTO item SELECT n, repeat('z', 100) FROM generate_series(1, 20000) AS n")
    monkeypatch.setattr("lakehouse_local.capture.transaction._MEMORY_BYTES", 1 << 20)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    try:
        with pytest.raises(errors.SpoolFailed, match="changes so far"):
            capture.drain()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert capture.drain().rows == 20_000


def test_a_missing_publication_is_named(capture: Capture) -> None:
    """Without the publication there is nothing to decode."""
    capture.sql(ITEMS)
    capture.load()
    capture.sql("DROP PUBLICATION lakehouse")
    with pytest.raises(errors.PublicationMissing):
        capture.drain()


def test_a_second_capture_is_refused_with_the_firsts_process(capture: Capture) -> None:
    """Two captures through one slot: the second learns the first's process id."""
    capture.sql(ITEMS)
    capture.load()
    stop = threading.Event()
    first = threading.Thread(
        target=engine.stream, args=(capture.source, capture.storage, BUCKET, POC_WIRE, stop), daemon=True
    )
    first.start()
    try:
        while not _one(capture.app, "SELECT active_pid FROM pg_replication_slots"):
            time.sleep(0.05)
        with pytest.raises(errors.SlotInUse, match=r"process \d+"):
            capture.drain()
    finally:
        stop.set()
        first.join()


def test_the_loser_of_two_writers_stops_before_it_acknowledges(capture: Capture) -> None:
    """A writer that finds the next manifest taken is fenced, and PostgreSQL still has the changes."""
    capture.sql(ITEMS)
    capture.load()
    (load,) = capture.chain()
    capture.sql("INSERT INTO item VALUES (1)")
    before = _one(capture.app, "SELECT confirmed_flush_lsn FROM pg_replication_slots")
    stolen = replace(load, kind="changes", sequence=1, tables={}, files=())

    class Stolen(Failing):
        def put_if_absent(self, bucket: str, key: str, body: bytes) -> bool:
            """Store if absent, or fail."""
            if key.startswith(manifest.PREFIX):
                self.inner.put(bucket, key, stolen.to_json())
            return self.inner.put_if_absent(bucket, key, body)

    until = engine.current_lsn(capture.source)
    with pytest.raises(errors.Fenced):
        engine.stream(capture.source, Stolen(capture.storage, 0), BUCKET, POC_WIRE, until)
    assert _one(capture.app, "SELECT confirmed_flush_lsn FROM pg_replication_slots") == before
    assert capture.drain().rows == 1


@pytest.mark.parametrize("after_writes", [0, 1])
def test_s3_that_is_gone_loses_nothing(capture: Capture, after_writes: int) -> None:
    """S3 goes away before a file or before its manifest: a named error, no acknowledgement, and later all is there."""
    capture.sql(ITEMS)
    capture.load()
    capture.sql("INSERT INTO item VALUES (1)")
    before = _one(capture.app, "SELECT confirmed_flush_lsn FROM pg_replication_slots")
    until = engine.current_lsn(capture.source)
    with pytest.raises(errors.StorageGone):
        engine.stream(capture.source, Failing(capture.storage, after_writes), BUCKET, POC_WIRE, until)
    assert _one(capture.app, "SELECT confirmed_flush_lsn FROM pg_replication_slots") == before
    capture.sql("INSERT INTO item VALUES (2)")
    capture.drain()
    assert [c.values[0] for c in capture.changes()] == ["1", "2"]


@pytest.mark.parametrize("after_writes", [0, 1])
def test_a_lost_answer_is_no_second_writer(capture: Capture, after_writes: int) -> None:
    """An object that was stored although its answer was lost is recognised as our own."""
    capture.sql(ITEMS)
    capture.load()
    capture.sql("INSERT INTO item VALUES (1)")
    until = engine.current_lsn(capture.source)
    storage = Failing(capture.storage, after_writes, stores_first=True)
    assert engine.stream(capture.source, storage, BUCKET, POC_WIRE, until).rows == 1
    assert len(capture.changes()) == 1


def test_a_lost_connection_is_made_again(capture: Capture, admin: connection) -> None:
    """Capture survives that its connections are cut, and takes each change once."""
    capture.sql(ITEMS)
    capture.load()
    stop = threading.Event()
    reports = []
    first = threading.Thread(
        target=lambda: reports.append(engine.stream(capture.source, capture.storage, BUCKET, POC_WIRE, stop))
    )
    first.start()
    try:
        for n in range(3):
            while not _one(capture.app, "SELECT active_pid FROM pg_replication_slots"):
                time.sleep(0.05)
            capture.sql(f"INSERT INTO item VALUES ({n})")
            _one(admin, "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots")
        deadline = time.monotonic() + 20
        while len(capture.changes()) < 3 and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        stop.set()
        first.join()
    assert [c.values[0] for c in capture.changes()] == ["0", "1", "2"]
    assert reports[0].rows == 3


def test_a_database_that_is_gone_is_named(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """When PostgreSQL stays away, retries end in a named error."""
    capture.sql(ITEMS)
    capture.load()
    monkeypatch.setattr("lakehouse_local.capture.stream._RECONNECTS", 2)
    gone = replace(capture.source, capture_dsn=make_dsn(capture.source.capture_dsn, port=1))
    with pytest.raises(errors.SourceGone):
        engine.stream(gone, capture.storage, BUCKET, POC_WIRE, 1)


def test_a_long_transaction_is_named(capture: Capture, postgres: PostgresPart) -> None:
    """A load that waits too long for its consistent point names the transaction in the way and leaves no slot."""
    capture.sql(ITEMS)
    long = psycopg2.connect(postgres.dsn, application_name="month end")
    with long.cursor() as cursor:
        cursor.execute("INSERT INTO item VALUES (1)")
    with pytest.raises(errors.LoadBlocked, match="month end"):
        engine.full_load(capture.source, capture.storage, BUCKET, POC_WIRE, wait_seconds=1)
    long.rollback()
    long.close()
    assert _one(capture.app, "SELECT count(*) FROM pg_replication_slots") == 0
    assert capture.load().rows == {"public.item": 0}


def test_a_locked_table_is_named_and_holds_up_the_load_alone(capture: Capture, postgres: PostgresPart) -> None:
    """While a table is rewritten (VACUUM FULL, ALTER TABLE) no load begins, but changes are taken in; no slot is lost."""
    capture.sql(ITEMS, "CREATE TABLE other (id int PRIMARY KEY)")
    capture.load()
    with closing(psycopg2.connect(postgres.dsn, application_name="migration")) as long, long.cursor() as cursor:
        cursor.execute("LOCK TABLE item IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(errors.LoadBlocked, match="migration"):
            engine.reload(capture.source, capture.storage, BUCKET, POC_WIRE, wait_seconds=1)
        capture.sql("INSERT INTO other VALUES (1)")
        capture.drain()
        assert engine.uncaptured(capture.source) == ()
    assert [c.table for c in capture.changes()] == ["public.other"]


def test_truncate_during_the_load_waits(capture: Capture, postgres: PostgresPart) -> None:
    """A TRUNCATE during the load cannot empty the snapshot: it comes after the load, as a change."""
    capture.sql(ITEMS, "INSERT INTO item SELECT generate_series(1, 100)", "CREATE TABLE first (id int PRIMARY KEY)")
    capture.sql("INSERT INTO first VALUES (1)")
    truncated = threading.Event()

    def truncate() -> None:
        database = psycopg2.connect(postgres.dsn)
        database.set_session(autocommit=True)
        with database.cursor() as cursor:
            cursor.execute("TRUNCATE item")
        database.close()
        truncated.set()

    thread = threading.Thread(target=truncate)
    first = threading.Lock()

    class Slow(Failing):
        def put(self, bucket: str, key: str, body: bytes) -> None:
            """Store, or fail."""
            # Two readers store side by side; the first of them lets the TRUNCATE begin.
            if first.acquire(blocking=False):
                thread.start()
                assert not truncated.wait(0.5)
            self.inner.put(bucket, key, body)

    engine.full_load(capture.source, Slow(capture.storage, 0, broken=False), BUCKET, POC_WIRE)
    thread.join()
    capture.drain()
    assert len(capture.loaded("public.item")) == 100
    assert [(c.op, c.table) for c in capture.changes()] == [("T", "public.item")]


def test_latency_from_commit_to_manifest(capture: Capture) -> None:
    """At rest, a commit is in a durable manifest in less than five seconds."""
    capture.sql(ITEMS)
    capture.load()
    stop = threading.Event()
    seen: list[datetime] = []
    first = threading.Thread(
        target=lambda: engine.stream(
            capture.source, capture.storage, BUCKET, POC_WIRE, stop, on_batch=lambda _: seen.append(datetime.now(UTC))
        )
    )
    first.start()
    latencies = []
    try:
        for n in range(3):
            committed = datetime.now(UTC)
            capture.sql(f"INSERT INTO item VALUES ({n})")
            while len(seen) <= n:
                time.sleep(0.01)
                assert (datetime.now(UTC) - committed).total_seconds() < 5
            latencies.append((seen[n] - committed).total_seconds())
    finally:
        stop.set()
        first.join()
    assert max(latencies) < 5
