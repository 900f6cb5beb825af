"""Every PostgreSQL that can be started from binaries here: roles, replication, addresses, persistence."""

import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil
import psycopg2
import pytest
import tenacity
from psycopg2 import errors, extensions, extras

from lakehouse_local.environment import PostgresPart
from lakehouse_local.providers import certificates, place, roles
from lakehouse_local.providers.certificates import issue
from lakehouse_local.providers.errors import PortInUse
from lakehouse_local.providers.passwords import passwords_of
from lakehouse_local.providers.postgres_binaries import BinariesPostgres, embedded, has_tls, installed

PROVIDERS = [*installed(), *embedded()]


@dataclass(frozen=True)
class Started:
    """A running server and what it was started from."""

    provider: BinariesPostgres
    part: PostgresPart
    home: Path


@pytest.fixture(scope="module", params=PROVIDERS, ids=[provider.name for provider in PROVIDERS])
def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """One server per kind of binaries."""
    provider, home = request.param, tmp_path_factory.mktemp("home")
    place.make_home(home)
    try:
        yield Started(provider, provider.start(home, "test"), home)
    finally:
        provider.stop()
        provider.discard(home)


def test_it_is_ready_for_change_capture(started: Started) -> None:
    """wal_level, slots, senders, bounded WAL and fsync are as capture needs them; the version is shown."""
    with closing(psycopg2.connect(started.part.dsn)) as connection, connection.cursor() as cursor:
        found = {}
        for name in ("wal_level", "max_replication_slots", "max_wal_senders", "max_slot_wal_keep_size", "fsync"):
            cursor.execute(f"SHOW {name}")
            found[name] = cursor.fetchone()[0]
    assert found == {
        "wal_level": "logical",
        "max_replication_slots": "20",
        "max_wal_senders": "20",
        "max_slot_wal_keep_size": "4GB",
        "fsync": "on",
    }
    assert started.part.version.startswith(f"PostgreSQL {started.provider.name.split('-')[1]}.")


def test_the_capture_role_creates_a_slot_with_an_exported_snapshot(started: Started) -> None:
    """psycopg2's logical replication works as that role, over TLS where the build has it."""
    connection = psycopg2.connect(started.part.capture_dsn, connection_factory=extras.LogicalReplicationConnection)
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("CREATE_REPLICATION_SLOT test_slot TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT")
        name, position, snapshot, plugin = cursor.fetchone()
    assert (name, plugin) == ("test_slot", "pgoutput")
    assert position
    assert snapshot


def test_the_capture_role_reads_and_no_more(started: Started) -> None:
    """It sees tables that the application creates later, and can neither write nor create."""
    with closing(psycopg2.connect(started.part.dsn)) as owner, owner, owner.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (id int PRIMARY KEY); INSERT INTO kept VALUES (7)")
    for statement in ("INSERT INTO kept VALUES (8)", "TRUNCATE kept", "CREATE TABLE mine (id int)"):
        with closing(psycopg2.connect(started.part.capture_dsn)) as reader, reader.cursor() as cursor:
            cursor.execute("SELECT id FROM kept")
            assert cursor.fetchall() == [(7,)]
            with pytest.raises(errors.InsufficientPrivilege):
                cursor.execute(statement)
    with closing(psycopg2.connect(started.part.dsn)) as owner, owner, owner.cursor() as cursor:
        cursor.execute("DROP TABLE kept")


def test_physical_copies_are_refused(started: Started) -> None:
    """No rule of pg_hba.conf names ``replication``, so nobody can copy the whole server."""
    with pytest.raises(psycopg2.OperationalError, match="no pg_hba"):
        psycopg2.connect(started.part.capture_dsn, connection_factory=extras.PhysicalReplicationConnection)


def test_it_listens_on_loopback_only(started: Started) -> None:
    """One TCP socket on 127.0.0.1, none elsewhere."""
    server = started.provider._server
    assert server is not None
    sockets = psutil.Process(server.process.pid).net_connections("tcp")
    listening = [socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN]
    assert listening
    assert set(listening) == {"127.0.0.1"}


def test_tls_is_checked_where_the_build_has_it(started: Started, tmp_path: Path) -> None:
    """A wrong authority, a wrong host name and a plain connection are refused; a build without TLS says so."""
    dsn = started.part.dsn
    if not has_tls(started.provider.binaries):
        assert started.part.tls.startswith("none")
        return
    assert started.part.tls == "verify-full"
    with closing(psycopg2.connect(dsn)) as connection:
        assert connection.info.ssl_in_use
    wrong = tmp_path / "other.crt"
    wrong.write_bytes(issue().authority)
    for change, message in (
        ({"sslrootcert": str(wrong)}, "certificate verify failed"),
        ({"host": "lakehouse.test", "hostaddr": "127.0.0.1"}, "does not match host name"),
        ({"sslmode": "disable"}, "no pg_hba"),
    ):
        with pytest.raises(psycopg2.OperationalError, match=message):
            psycopg2.connect(extensions.make_dsn(dsn, **change))


def test_an_expired_certificate_is_refused(started: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever checks it does not connect, right authority or not."""
    if not has_tls(started.provider.binaries):
        assert started.part.tls.startswith("none")
        return
    server = started.provider._server
    assert server is not None
    with (
        closing(
            psycopg2.connect(
                extensions.make_dsn(started.part.dsn, user=roles.ADMIN, password=passwords_of(started.home).admin)
            )
        ) as admin,
        admin.cursor() as cursor,
    ):
        cursor.execute("SELECT current_setting('ssl_cert_file'), current_setting('ssl_key_file')")
        ((certificate, key),) = cursor.fetchall()
    originals = Path(certificate).read_bytes(), Path(key).read_bytes()
    authority = tmp_path / "authority.crt"
    dsn = extensions.make_dsn(started.part.dsn, sslrootcert=str(authority))

    def serve(server_certificate: bytes, server_key: bytes) -> None:
        # Written over in place, so that the files stay the server's.
        Path(certificate).write_bytes(server_certificate)
        Path(key).write_bytes(server_key)
        server.process.send_signal(signal.SIGHUP)

    try:
        for lifetime, answer in ((timedelta(days=1), ""), (timedelta(minutes=-10), "certificate verify failed")):
            monkeypatch.setattr(certificates, "LIFETIME", lifetime)
            fresh = issue()
            authority.write_bytes(fresh.authority)
            serve(fresh.server, fresh.key)
            until(lambda answer=answer: answer in refusal(dsn) and bool(answer) == bool(refusal(dsn)))
    finally:
        serve(*originals)
    until(lambda: refusal(started.part.dsn) == "")


def refusal(dsn: str) -> str:
    """Why it cannot be connected to; nothing if it can."""
    try:
        psycopg2.connect(dsn).close()
    except psycopg2.OperationalError as error:
        return str(error)
    return ""


def until(true: Callable[[], bool]) -> None:
    """Poll until it is true."""
    tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda found: not found),
        wait=tenacity.wait_fixed(0.1),
        stop=tenacity.stop_after_delay(20),
    )(true)


def test_passwords_are_needed_and_private(started: Started) -> None:
    """A wrong password is refused, and the right ones are readable by the owner alone."""
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(extensions.make_dsn(started.part.dsn, password="wrong"))
    assert (started.home / "passwords.json").stat().st_mode & 0o077 == 0


def test_data_and_port_survive_a_restart(started: Started) -> None:
    """Stop and start again: same rows at the same address; a port that was taken meanwhile is named."""
    with closing(psycopg2.connect(started.part.dsn)) as owner, owner, owner.cursor() as cursor:
        cursor.execute("CREATE TABLE survivor (id int PRIMARY KEY); INSERT INTO survivor VALUES (1)")
    with pytest.raises(PortInUse):
        BinariesPostgres("other", started.provider.binaries).start(started.home, "test")
    started.provider.stop()
    again = started.provider.start(started.home, "test")
    assert again.dsn == started.part.dsn
    with closing(psycopg2.connect(again.dsn)) as owner, owner, owner.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM survivor")
        assert cursor.fetchone() == (1,)
        cursor.execute("DROP TABLE survivor")
