"""The source at a consistent point: exactly the commits whose LSN is below it."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg2
from psycopg2.extensions import connection
from psycopg2.sql import SQL, Identifier

from lakehouse_local.capture import mappings
from lakehouse_local.capture.load import import_snapshot
from lakehouse_local.capture.names import lsn_number
from lakehouse_local.capture.source import SourceTable, captured_tables, connected, fetch, reachable, replicating
from lakehouse_local.proof.digest import Digest, postgres_field, postgres_hash, row_text
from lakehouse_local.proof.errors import NoConsistentPoint, NothingToProve

WAIT_MILLISECONDS = 30_000


@dataclass(frozen=True)
class Published:
    """A table of the publication: the columns that it publishes with their types, and its primary key."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    key: tuple[str, ...]
    sql_name: Identifier


@dataclass(frozen=True)
class Source:
    """The source as it was at ``lsn``; its snapshot stays open for as long as the context lives."""

    lsn: int
    tables: Sequence[Published]
    database: connection

    def digest(self, table: Published) -> Digest:
        """The fingerprint of a table."""
        hashed = SQL(postgres_hash(_text(table)).replace("%", "%%"))
        query = SQL("SELECT count(*), coalesce(sum({}), 0) FROM ONLY {}").format(hashed, table.sql_name)
        ((rows, total),) = fetch(self.database, query)
        return Digest(int(rows), int(total))

    def write_hashes(self, table: Published, path: Path) -> None:
        """Write (key, hash) of every row as CSV without a header."""
        types = dict(zip(table.columns, table.types, strict=True))
        key = row_text([postgres_field(name, types[name]) for name in table.key])
        query = SQL("COPY (SELECT {}, {} FROM ONLY {}) TO STDOUT WITH (FORMAT csv, FORCE_QUOTE *)").format(
            SQL(key), SQL(postgres_hash(_text(table))), table.sql_name
        )
        with path.open("wb") as out, self.database.cursor() as cursor:
            cursor.copy_expert(query, out)


def _text(table: Published) -> str:
    return row_text([postgres_field(name, kind) for name, kind in zip(table.columns, table.types, strict=True)])


@contextmanager
def consistent_point(capture_dsn: str, publication: str) -> Iterator[Source]:
    """Hold the source's published tables at one consistent point.

    ACCESS SHARE comes first: TRUNCATE is not MVCC-safe, so a table truncated after the snapshot would read as empty
    in it. Then a temporary slot exports the snapshot.

    Raises:
        SourceGone: PostgreSQL does not answer.
        NothingToProve: there is no such publication, or nothing in it.
        NoConsistentPoint: open transactions (the oldest is named) did not end in 30 s.
    """
    with reachable(), ExitStack() as stack:
        guard = stack.enter_context(connected(capture_dsn))
        tables = _published(guard, publication)
        if not tables:
            raise NothingToProve(f"nothing is published by {publication}", hint="lakehouse run")
        replication = stack.enter_context(replicating(capture_dsn))
        try:
            fetch(guard, "SELECT set_config('lock_timeout', %s, false)", (str(WAIT_MILLISECONDS),))
            with guard.cursor() as cursor:
                cursor.execute("BEGIN READ ONLY")
                names = SQL(", ").join(table.sql_name for table in tables)
                cursor.execute(SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names))
            with replication.cursor() as cursor:
                # Finding a consistent point is waiting for other transactions' locks, so this bounds it too.
                cursor.execute(f"SET lock_timeout = {WAIT_MILLISECONDS}")
                cursor.execute(
                    SQL("CREATE_REPLICATION_SLOT {} TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT").format(
                        Identifier(f"lakehouse_verify_{uuid4().hex[:12]}")
                    )
                )
                ((_, point, snapshot, _),) = cursor.fetchall()
        except psycopg2.errors.LockNotAvailable:
            with connected(capture_dsn) as other:
                raise _blocked(other) from None
        database = stack.enter_context(connected(capture_dsn))
        import_snapshot(database, snapshot)
        yield Source(lsn_number(point), tables, database)


def _published(database: connection, publication: str) -> list[Published]:
    rows = fetch(
        database,
        "SELECT schemaname::text, tablename::text, attnames::text[] FROM pg_publication_tables WHERE pubname = %s",
        (publication,),
    )
    sent = {(schema, name): set(columns) for schema, name, columns in rows}
    tables = captured_tables(database, mappings.DEFAULT)
    return [_narrowed(table, sent[table.schema, table.name]) for table in tables if (table.schema, table.name) in sent]


def _narrowed(table: SourceTable, sent: set[str]) -> Published:
    kept = [(name, kind) for name, kind in zip(table.columns, table.types, strict=True) if name in sent]
    return Published(
        name=table.full_name,
        columns=tuple(name for name, _ in kept),
        types=tuple(kind for _, kind in kept),
        key=table.key,
        sql_name=table.sql_name,
    )


def _blocked(database: connection) -> NoConsistentPoint:
    rows = fetch(
        database,
        "SELECT pid, coalesce(usename, '?'), date_trunc('second', now() - xact_start)::text FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND backend_xid IS NOT NULL ORDER BY xact_start LIMIT 1",
    )
    who = "; the oldest is that of process {} (role {}), open for {}".format(*rows[0]) if rows else ""
    return NoConsistentPoint(
        f"open transactions kept the source from a consistent point for {WAIT_MILLISECONDS // 1000} s{who}",
        hint="let it end (or pg_terminate_backend), then verify again",
    )
