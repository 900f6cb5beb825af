"""A PostgreSQL that somebody else runs: what it must offer, and what is said if it does not."""

from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import extensions

from lakehouse_local.environment import PostgresPart
from lakehouse_local.providers import place, postgres_binaries, roles
from lakehouse_local.providers.errors import PostgresUnfit
from lakehouse_local.providers.postgres_dsn import DsnPostgres


def test_an_administrator_gets_roles_and_database(postgres_server: tuple[PostgresPart, str], tmp_path: Path) -> None:
    """With the right to create them, both roles of this home work."""
    started, admin = postgres_server
    part = DsnPostgres(admin).start(tmp_path, "test")
    try:
        for dsn, role in ((part.dsn, "lakehouse_app"), (part.capture_dsn, "lakehouse_capture")):
            with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT current_user, current_database()")
                assert cursor.fetchone() == (role, "saas")
        assert part.tls == ("none" if started.tls.startswith("none") else "verify-full as the DSN says")
    finally:
        _own_passwords_again(started, admin)


def test_a_role_without_rights_is_refused_with_the_command_that_helps(postgres: PostgresPart, tmp_path: Path) -> None:
    """The application's role may neither create roles nor replicate."""
    with pytest.raises(PostgresUnfit, match="neither create roles") as caught:
        DsnPostgres(postgres.dsn).start(tmp_path, "test")
    assert "ALTER ROLE lakehouse_app REPLICATION" in caught.value.hint


def test_a_role_that_replicates_is_used_for_everything(
    postgres: PostgresPart, postgres_server: tuple[PostgresPart, str], tmp_path: Path
) -> None:
    """Where no roles may be created, the DSN's own serves both purposes, and that is said."""
    with closing(psycopg2.connect(postgres_server[1])) as connection, connection, connection.cursor() as cursor:
        cursor.execute("ALTER ROLE lakehouse_app REPLICATION")
    try:
        part = DsnPostgres(postgres.dsn).start(tmp_path, "test")
    finally:
        with closing(psycopg2.connect(postgres_server[1])) as connection, connection, connection.cursor() as cursor:
            cursor.execute("ALTER ROLE lakehouse_app NOREPLICATION")
    assert part.dsn == part.capture_dsn
    assert "used for everything" in part.why


def test_no_server_and_a_wrong_password_are_named(postgres: PostgresPart, tmp_path: Path) -> None:
    """The library's own words, without a traceback and without the password."""
    with pytest.raises(PostgresUnfit, match="Connection refused"):
        DsnPostgres("postgresql://u:hidden@127.0.0.1:9/d").start(tmp_path, "test")
    with pytest.raises(PostgresUnfit, match="password authentication failed") as caught:
        DsnPostgres(str(extensions.make_dsn(postgres.dsn, password="hidden"))).start(tmp_path, "test")
    assert "hidden" not in str(caught.value)
    with pytest.raises(PostgresUnfit, match="invalid dsn"):
        DsnPostgres("nonsense=1").start(tmp_path, "test")


def test_a_server_without_logical_wal_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """wal_level=replica is what an untouched server has."""
    monkeypatch.setattr(roles, "SERVER_SETTINGS", {"wal_level": "replica"})
    provider = next(iter((*postgres_binaries.installed(), *postgres_binaries.embedded())))
    home = tmp_path / "home"
    place.make_home(home)
    try:
        part = provider.start(home, "test")
        with pytest.raises(PostgresUnfit, match="wal_level=replica"):
            DsnPostgres(part.dsn).start(tmp_path, "test")
    finally:
        provider.stop()
        provider.discard(home)


def _own_passwords_again(started: PostgresPart, admin: str) -> None:
    """Give the shared server's roles the passwords back that its other tests use."""
    with closing(psycopg2.connect(admin)) as connection, connection, connection.cursor() as cursor:
        for dsn in (started.dsn, started.capture_dsn):
            parts = extensions.parse_dsn(dsn)
            cursor.execute(f"ALTER ROLE {parts['user']} PASSWORD %s", (parts["password"],))
