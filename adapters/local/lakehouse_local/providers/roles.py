"""The database ``saas`` and its two roles, the same on every PostgreSQL.

``lakehouse_app`` owns the database and its tables; ``lakehouse_capture`` may log in, replicate and SELECT, no more.
"""

from contextlib import closing

import psycopg2
from psycopg2 import extensions, sql

from lakehouse_local.providers.passwords import Passwords

DATABASE = "saas"
ADMIN = "lakehouse_admin"
APP = "lakehouse_app"
CAPTURE = "lakehouse_capture"

# What change capture needs; the bound on kept WAL stops a forgotten slot from filling the disk.
SERVER_SETTINGS = {
    "wal_level": "logical",
    "max_replication_slots": "20",
    "max_wal_senders": "20",
    "max_slot_wal_keep_size": "4GB",
}

CLOCK = "lakehouse.clock"


def host_rules(*, tls: bool, clients: str) -> str:
    """The text of pg_hba.conf: three roles by password, each in its database, from ``clients``.

    The word ``replication`` as a database is left out: it would allow physical copies of the whole server.
    """
    connection = "hostssl" if tls else "host"
    grants = [("all", ADMIN), (DATABASE, APP), (DATABASE, CAPTURE)]
    return "".join(f"{connection} {database} {role} {clients} scram-sha-256\n" for database, role in grants)


def dsn_of(admin_dsn: str, role: str, password: str) -> str:
    """The same server as ``admin_dsn``, database ``saas``, as another role."""
    return str(extensions.make_dsn(admin_dsn, dbname=DATABASE, user=role, password=password))


def prepare(admin_dsn: str, passwords: Passwords) -> str:
    """Create roles and database where they are missing; the server's version text."""
    with closing(psycopg2.connect(admin_dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for role, attributes, password in (
                (APP, "LOGIN", passwords.app),
                (CAPTURE, "LOGIN REPLICATION", passwords.capture),
            ):
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
                verb = "ALTER" if cursor.fetchone() else "CREATE"
                cursor.execute(
                    sql.SQL(f"{verb} ROLE {{}} {attributes} PASSWORD {{}}").format(
                        sql.Identifier(role), sql.Literal(password)
                    )
                )
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            if cursor.fetchone() == (True,):
                # The application keeps its business clock there; on a server of others it says itself what it lacks.
                cursor.execute(
                    sql.SQL("GRANT SET ON PARAMETER {} TO {}").format(sql.Identifier(CLOCK), sql.Identifier(APP))
                )
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            missing = cursor.fetchone() is None
            version = str(connection.info.parameter_status("server_version"))
    if missing:
        _create_database(admin_dsn)
    return f"PostgreSQL {version}"


def recreate_database(admin_dsn: str) -> None:
    """Drop ``saas`` with its slots and connections and create it empty (for tests)."""
    with closing(psycopg2.connect(admin_dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(
                # With a time to wait: a slot that is still held cannot be dropped.
                "SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots WHERE database = %s AND active",
                (DATABASE,),
            )
            cursor.execute(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = %s", (DATABASE,)
            )
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE)))
    _create_database(admin_dsn)


def _create_database(admin_dsn: str) -> None:
    database, app, capture = (sql.Identifier(name) for name in (DATABASE, APP, CAPTURE))
    with closing(psycopg2.connect(admin_dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            superuser = cursor.fetchone() == (True,)
            if not superuser:
                # Only a member of a role may hand it a database.
                cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(app))
            cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(database, app))
            cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
            cursor.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, capture))
    inside = psycopg2.connect(extensions.make_dsn(admin_dsn, dbname=DATABASE))
    with closing(inside), inside, inside.cursor() as cursor:
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(capture))
        cursor.execute(
            sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public GRANT SELECT ON TABLES TO {}").format(
                app, capture
            )
        )
