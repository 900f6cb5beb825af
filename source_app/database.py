"""The one database that Django talks to, the business clock in its settings, and the stamp of its seed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import django
from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from psycopg2 import errors as pg
from psycopg2 import sql

from source_app.dsn import django_database
from source_app.errors import DatabaseSettingRefused, DatabaseUnreachable

CLOCK = "lakehouse.clock"
BATCH = "batch"
"""The alias of a second connection to the same database, for a transaction that stays open beside others."""


def setup() -> None:
    """Load Django with this application's settings; does nothing the second time."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "source_app.settings")
    if not apps.ready:
        django.setup()


@contextmanager
def connected(dsn: str) -> Iterator[None]:
    """Point Django at a database for the length of a block, and close what was opened.

    Raises:
        DatabaseUnreachable: nothing answers there, or not to this role.
    """
    database = django_database(dsn)
    setup()
    before = dict(connections.settings)
    _point(dict.fromkeys((DEFAULT_DB_ALIAS, BATCH), database))
    try:
        try:
            connection.ensure_connection()
        except OperationalError as refused:
            raise DatabaseUnreachable(
                f"the database does not answer: {str(refused).strip()}", "lakehouse status, then lakehouse up"
            ) from refused
        yield
    finally:
        _point(before)


def _point(databases: dict[str, dict[str, object]]) -> None:
    # Django reads its databases once per process; a DSN comes with each call.
    connections.close_all()
    for alias in (DEFAULT_DB_ALIAS, BATCH):
        with suppress(AttributeError):  # nobody has used it in this thread
            del connections[alias]
    connections.settings = connections.configure_settings({name: dict(one) for name, one in databases.items()})


def read_clock() -> datetime | None:
    """The business clock that the database keeps (UTC), None where it keeps none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select split_part(setting, '=', 2) from pg_db_role_setting, unnest(setconfig) as setting"
            " where setrole = 0 and split_part(setting, '=', 1) = %s"
            " and setdatabase = (select oid from pg_database where datname = current_database())",
            [CLOCK],
        )
        row = cursor.fetchone()
    return datetime.fromisoformat(row[0]).astimezone(UTC) if row else None


def write_clock(at: datetime) -> None:
    """Keep the business clock in the database's settings, where a reader without the application finds it."""
    _on_database("alter database {database} set lakehouse.clock to {value}", at.astimezone(UTC).isoformat())


def read_stamp() -> str | None:
    """What the database was seeded with, None where it was not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"
        )
        comment = cursor.fetchone()[0]
    return comment if comment and comment.startswith("seed ") else None


def write_stamp(stamp: str) -> None:
    """Say in the database's comment what it was seeded with: an owner may, and no table is needed."""
    _on_database("comment on database {database} is {value}", stamp)


def _on_database(template: str, value: str) -> None:
    with connection.cursor() as cursor:
        name = connection.settings_dict["NAME"]
        statement = sql.SQL(template).format(database=sql.Identifier(name), value=sql.Literal(value))
        try:
            cursor.execute(statement.as_string(cursor.connection))
        except Exception as refused:
            if not isinstance(refused.__cause__, pg.InsufficientPrivilege):
                raise
            role = connection.settings_dict.get("USER") or "the role"
            raise DatabaseSettingRefused(
                f"{role} may not change the settings of database {name}: {str(refused).strip()}",
                f'as a superuser: grant set on parameter "{CLOCK}" to {role}; alter database {name} owner to {role}',
            ) from refused
