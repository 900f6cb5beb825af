"""A PostgreSQL endpoint: its connection, and what must be defined in it before it can be captured."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psycopg2
from psycopg2.extensions import make_dsn
from psycopg2.sql import SQL, Identifier

from lakehouse_local.capture import source as database
from lakehouse_local.capture.load import import_snapshot
from lakehouse_local.capture.source import CaptureSource, SourceTable, connected, fetch
from lakehouse_local.capture.wire import Snapshot
from lakehouse_local.engines.dms.errors import PublicationRefused
from lakehouse_local.engines.dms.losses import Loss
from lakehouse_local.engines.dms.rules import TaskRules

_SSL = {"none": "disable", "require": "require", "verify-ca": "verify-ca", "verify-full": "verify-full"}


@dataclass(frozen=True)
class PostgresEndpoint:
    """Where a source endpoint points: DMS's SslMode, and the file of the authority that verify-ca and verify-full need."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    ssl_mode: str = "none"
    authority: Path | None = None

    @property
    def dsn(self) -> str:
        """As libpq has it."""
        return str(
            make_dsn(
                host=self.host,
                port=self.port,
                dbname=self.database,
                user=self.user,
                password=self.password,
                sslmode=_SSL[self.ssl_mode],
                **({"sslrootcert": str(self.authority)} if self.authority else {}),
                connect_timeout=10,
            )
        )


def capture_source(endpoint: PostgresEndpoint, owner_dsn: str | None, name: str, rules: TaskRules) -> CaptureSource:
    """The source under a slot and publications of the task's own name (lower case, digits and underscores)."""
    slot = re.sub(r"[^a-z0-9_]", "_", name.lower())
    return CaptureSource(
        owner_dsn=owner_dsn or endpoint.dsn,
        capture_dsn=endpoint.dsn,
        publication=slot,
        slot=slot,
        mappings=rules,
        inserts_publication=f"{slot}_inserts",
    )


def publish(source: CaptureSource, tables: list[SourceTable]) -> None:
    """Publish the tables: whole, or only the inserts where updates and deletes cannot be told (DMS ignores those too).

    A publication of the application's tables without a key would make its own UPDATE and DELETE fail; one that
    publishes inserts alone does not.

    Raises:
        PublicationRefused: the role may not; it must own the tables.
    """
    whole = [table for table in tables if not table.unpublished_because]
    inserts = [table for table in tables if table.unpublished_because]
    try:
        database.ensure_publication(source.owner_dsn, source.publication, whole)
        database.ensure_publication(source.owner_dsn, source.inserts_publication, inserts, inserts_only=True)
    except psycopg2.errors.InsufficientPrivilege as problem:
        raise PublicationRefused(
            f"the source endpoint's user may not publish the tables ({str(problem).strip()})",
            hint="let the endpoint log in as the tables' owner with REPLICATION, or as a superuser",
        ) from problem


def forget(source: CaptureSource) -> None:
    """Drop the task's slot and publications, as far as the source is there and lets us."""
    with suppress(psycopg2.Error), connected(source.capture_dsn) as control:
        database.drop_slot(control, source.slot)
    with suppress(psycopg2.Error), connected(source.owner_dsn) as owner, owner.cursor() as cursor:
        for name in source.publications:
            cursor.execute(SQL("DROP PUBLICATION IF EXISTS {}").format(Identifier(name)))


@contextmanager
def plain_snapshot(source: CaptureSource, tables: list[SourceTable]) -> Iterator[Snapshot]:
    """The state as of now, for a load after which no changes are captured from this point."""
    with connected(source.capture_dsn) as control, control.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # Before the snapshot: a table that is truncated after it was taken would read as empty in it.
        cursor.execute(
            SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(SQL(", ").join(table.sql_name for table in tables))
        )
        cursor.execute("SELECT pg_export_snapshot(), now()")
        name, now = cursor.fetchone() or ("", None)
        yield Snapshot(name, 0, now)
        cursor.execute("ROLLBACK")


def count_lost(
    source: CaptureSource, table: SourceTable, snapshot: Snapshot, asked: dict[str, Loss]
) -> dict[Loss, int]:
    """How many values of the table, as of the snapshot, fulfil each SQL condition, summed by loss."""
    if not asked:
        return {}
    counts = SQL(", ").join(SQL("count(*) FILTER (WHERE {})").format(SQL(_plain(sql))) for sql in asked)
    with connected(source.capture_dsn) as reader:
        import_snapshot(reader, snapshot.name)
        (found,) = fetch(reader, SQL("SELECT {} FROM ONLY {}").format(counts, table.sql_name))
    lost: dict[Loss, int] = {}
    for loss, count in zip(asked.values(), found, strict=True):
        lost[loss] = lost.get(loss, 0) + count
    return lost


def _plain(sql: str) -> str:
    return sql.replace("{", "{{").replace("}", "}}")


def unkeyed_changes(source: CaptureSource, tables: list[str]) -> dict[str, tuple[int, int]]:
    """Updates and deletes of rows so far, by ``schema.table``: PostgreSQL's own statistics, rolled-back ones included."""
    with connected(source.capture_dsn) as reader:
        rows = fetch(
            reader,
            "SELECT schemaname || '.' || relname, n_tup_upd, n_tup_del FROM pg_stat_user_tables "
            "WHERE schemaname || '.' || relname = ANY (%s)",
            (tables,),
        )
    return {name: (updates, deletes) for name, updates, deletes in rows}


def probe(endpoint: PostgresEndpoint) -> None:
    """Connect and ask something; psycopg2.Error says what is wrong."""
    with connected(endpoint.dsn) as reader:
        fetch(reader, "SELECT 1")


def authority_file(folder: Path, pem: str) -> Path:
    """A certificate where libpq can read it: whole at any time, as several tasks connect with it at once."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(pem.encode()).hexdigest()}.pem"
    draft = path.with_name(f"{uuid4().hex}.part")
    draft.write_text(pem)
    return draft.replace(path)
