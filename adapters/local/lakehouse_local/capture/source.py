"""The source database: connections with canonical text, its tables, its publication, its slot."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg2
from psycopg2.extensions import connection, make_dsn, parse_dsn
from psycopg2.extras import LogicalReplicationConnection
from psycopg2.sql import SQL, Composed, Identifier
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from lakehouse_local.capture import mappings as table_mappings
from lakehouse_local.capture.errors import (
    RELOAD,
    PublicationMissing,
    SlotInUse,
    SlotLost,
    SlotMissing,
    SourceGone,
    WalLevelNotLogical,
)
from lakehouse_local.capture.names import lsn_number
from lakehouse_local.capture.text import SESSION

_APPLICATION = "lakehouse capture"
_RELEASE_SECONDS = 5
"""How long a killed capture's connections may take to disappear from the server."""


@dataclass(frozen=True)
class CaptureSource:
    """Where changes come from.

    ``owner_dsn`` is the tables' owner (it defines the publication), ``capture_dsn`` a role with LOGIN REPLICATION and
    SELECT; both in libpq's key/value form. ``inserts_publication``, where named, publishes the inserts (alone) into
    tables whose other changes cannot be captured; without it none of their changes are.
    """

    owner_dsn: str = field(repr=False)
    capture_dsn: str = field(repr=False)
    publication: str = "lakehouse"
    slot: str = "lakehouse"
    mappings: Mapping[str, Any] | table_mappings.Rules = field(default_factory=lambda: table_mappings.DEFAULT)
    inserts_publication: str = ""

    @property
    def publications(self) -> tuple[str, ...]:
        """Those that the stream decodes through."""
        return tuple(name for name in (self.publication, self.inserts_publication) if name)


@dataclass(frozen=True)
class SourceTable:
    """A captured table: columns in physical order with their base types.

    ``size`` in bytes and ``pages`` of 8 KiB are known of a table that ``measured`` gave.
    """

    schema: str
    name: str
    oid: int
    columns: tuple[str, ...]
    types: tuple[str, ...]
    key: tuple[str, ...]
    unpublished_because: str
    removed: tuple[str, ...]
    size: int = 0
    pages: int = 0

    @property
    def full_name(self) -> str:
        """``schema.table``, as manifests have it."""
        return f"{self.schema}.{self.name}"

    @property
    def sql_name(self) -> Identifier:
        """The quoted name."""
        return Identifier(self.schema, self.name)


@dataclass(frozen=True)
class Identity:
    """Which server this is."""

    system_identifier: str
    timeline: int


@dataclass(frozen=True)
class Slot:
    """A replication slot's state."""

    confirmed_flush_lsn: int
    active_pid: int | None
    wal_status: str
    plugin: str


def gone(problem: BaseException) -> bool:
    """Whether the error means that the connection, or the server, is gone (class 08, 57P, or no SQLSTATE at all)."""
    if not isinstance(problem, psycopg2.Error):
        return False
    code = problem.pgcode or ""
    return not code or code.startswith(("08", "57P"))


@contextmanager
def reachable() -> Iterator[None]:
    """SourceGone instead of the driver's error where PostgreSQL does not answer, or stops to."""
    try:
        yield
    except psycopg2.Error as problem:
        if not gone(problem):
            raise
        raise SourceGone(
            f"PostgreSQL cannot be reached any more: {str(problem).strip() or 'the connection broke'}",
            hint="start it (lakehouse status), then lakehouse replicate goes on where the last manifest ends",
        ) from problem


@contextmanager
def connected(dsn: str) -> Iterator[connection]:
    """An autocommit connection whose text output is canonical."""
    database = psycopg2.connect(_canonical(dsn))
    database.set_session(autocommit=True)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def replicating(dsn: str) -> Iterator[LogicalReplicationConnection]:
    """A replication connection whose text output is canonical."""
    database = psycopg2.connect(_canonical(dsn), connection_factory=LogicalReplicationConnection)
    try:
        yield database
    finally:
        database.close()


def _canonical(dsn: str) -> str:
    given = parse_dsn(dsn).get("options", "")
    ours = " ".join(f"-c {name}={value}" for name, value in SESSION.items() if name != "client_encoding")
    return make_dsn(
        dsn,
        options=f"{given} {ours}".strip(),
        client_encoding=SESSION["client_encoding"],
        application_name=_APPLICATION,
        connect_timeout=10,
    )


def fetch(database: connection, sql: str | Composed, parameters: Any = None) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with database.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def identity(replication: LogicalReplicationConnection) -> Identity:
    """The server's identity, which only the replication protocol tells to everyone."""
    ((system_identifier, timeline, *_),) = fetch(replication, "IDENTIFY_SYSTEM")
    return Identity(str(system_identifier), int(timeline))


def require_logical(database: connection) -> None:
    """WalLevelNotLogical unless the server writes logical WAL."""
    ((level,),) = fetch(database, "SELECT current_setting('wal_level')")
    if level != "logical":
        raise WalLevelNotLogical(
            f"the server's wal_level is {level}; capture needs logical",
            hint="ALTER SYSTEM SET wal_level = 'logical', then restart the server",
        )


def lock(database: connection, slot: str) -> None:
    """Hold the capture of this slot for as long as the connection lives; SlotInUse names who has it."""
    attempt = Retrying(
        stop=stop_after_delay(_RELEASE_SECONDS), wait=wait_fixed(0.1), retry=retry_if_result(lambda got: not got)
    )
    try:
        attempt(
            lambda: fetch(database, "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (_lock_name(slot),))[0][0]
        )
    except RetryError:
        holders = fetch(
            database,
            "SELECT pid FROM pg_locks, hashtextextended(%s, 0) AS wanted(key) WHERE locktype = 'advisory' AND granted "
            "AND objsubid = 1 AND ((classid::bigint << 32) | objid::bigint) = wanted.key "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            (_lock_name(slot),),
        )
        pid = holders[0][0] if holders else "unknown"
        raise _in_use(slot, pid) from None


def _lock_name(slot: str) -> str:
    return f"lakehouse capture {slot}"


def _in_use(slot: str, pid: object) -> SlotInUse:
    return SlotInUse(
        f"slot {slot} is in use by the database's process {pid}",
        hint="stop the other lakehouse replicate; only one can capture through a slot",
    )


def slot_state(database: connection, name: str) -> Slot | None:
    """The slot's state; None if there is none of that name in this database."""
    rows = fetch(
        database,
        "SELECT confirmed_flush_lsn::text, active_pid, wal_status, plugin FROM pg_replication_slots "
        "WHERE slot_name = %s AND database = current_database()",
        (name,),
    )
    if not rows:
        return None
    confirmed, pid, status, plugin = rows[0]
    return Slot(lsn_number(confirmed or "0/0"), pid, status or "lost", plugin)


def usable_slot(database: connection, name: str) -> Slot:
    """The slot, free to stream from; SlotMissing, SlotLost or SlotInUse if it is not."""
    slot = _free_slot(database, name)
    if slot is None:
        raise SlotMissing(
            f"there is no replication slot {name}: the changes since the checkpoint are gone", hint=RELOAD
        )
    if slot.wal_status == "lost":
        raise SlotLost(
            f"slot {name} is lost: PostgreSQL removed WAL that it needed (max_slot_wal_keep_size)", hint=RELOAD
        )
    return slot


def drop_slot(database: connection, name: str) -> None:
    """Remove the slot if there is one; SlotInUse if somebody streams from it."""
    if _free_slot(database, name) is not None:
        fetch(database, "SELECT pg_drop_replication_slot(%s)", (name,))


def _free_slot(database: connection, name: str) -> Slot | None:
    attempt = Retrying(
        stop=stop_after_delay(_RELEASE_SECONDS),
        wait=wait_fixed(0.1),
        retry=retry_if_result(lambda slot: slot is not None and slot.active_pid is not None),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    slot: Slot | None = attempt(lambda: slot_state(database, name))
    if slot is not None and slot.active_pid is not None:
        raise _in_use(name, slot.active_pid)
    return slot


def captured_tables(database: connection, mappings: Mapping[str, Any] | table_mappings.Rules) -> list[SourceTable]:
    """The tables that the mappings select, by name; MappingMatchesNothing, MappingInvalid. It waits for no lock."""
    rules = table_mappings.parse(mappings) if isinstance(mappings, Mapping) else mappings
    rows = {(row[0], row[1]): row for row in fetch(database, _TABLES)}
    return [_table(rules, rows[name]) for name in rules.select(rows)]


def _table(rules: table_mappings.Rules, row: tuple[Any, ...]) -> SourceTable:
    schema, name, oid, identity_kind, key, columns, types = row
    kept = [(column, kind) for column, kind in zip(columns, types, strict=True) if rules.keeps(schema, name, column)]
    removed = tuple(column for column in columns if not rules.keeps(schema, name, column))
    because = ""
    if not key:
        because = "it has no primary key"
    elif set(key) & set(removed):
        because = "the mappings remove a column of its primary key"
    elif identity_kind not in ("d", "f") or (identity_kind == "f" and removed):
        because = "its REPLICA IDENTITY is not the default"
    return SourceTable(
        schema=schema,
        name=name,
        oid=oid,
        columns=tuple(column for column, _ in kept),
        types=tuple(kind for _, kind in kept),
        key=() if because else tuple(key),
        unpublished_because=because,
        removed=removed,
    )


def measured(database: connection, tables: Sequence[SourceTable]) -> list[SourceTable]:
    """The tables with their sizes; it waits for whoever has locked one of them exclusively."""
    sizes = {
        oid: (size, pages)
        for oid, size, pages in fetch(
            database,
            "SELECT oid::bigint, pg_table_size(oid), pg_relation_size(oid) / current_setting('block_size')::int "
            "FROM pg_class WHERE oid = ANY (%s::oid[])",
            ([table.oid for table in tables],),
        )
    }
    return [replace(table, size=sizes[table.oid][0], pages=sizes[table.oid][1]) for table in tables]


# Generated columns are left out: pgoutput (before 18) never sends them, and the load must have the changes' columns.
_TABLES = """
WITH RECURSIVE base (oid, type, modifier) AS (
  SELECT oid, oid, -1 FROM pg_type
  UNION ALL
  SELECT base.oid, domain.typbasetype, domain.typtypmod
  FROM base JOIN pg_type AS domain ON domain.oid = base.type WHERE domain.typtype = 'd'
)
SELECT space.nspname, class.relname, class.oid::bigint, class.relreplident::text,
  (SELECT array_agg(attname::text ORDER BY attnum)
   FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
   WHERE indrelid = class.oid AND indisprimary),
  array_agg(att.attname::text ORDER BY att.attnum),
  array_agg(format_type(base.type, CASE WHEN base.type = att.atttypid THEN att.atttypmod ELSE base.modifier END)
            ORDER BY att.attnum)
FROM pg_class AS class
JOIN pg_namespace AS space ON space.oid = class.relnamespace
JOIN pg_attribute AS att ON att.attrelid = class.oid AND att.attnum > 0 AND NOT att.attisdropped
  AND att.attgenerated = ''
JOIN base ON base.oid = att.atttypid
JOIN pg_type AS kind ON kind.oid = base.type AND kind.typtype <> 'd'
WHERE class.relkind = 'r' AND class.relpersistence = 'p'
  AND space.nspname <> 'information_schema' AND space.nspname NOT LIKE 'pg\\_%'
GROUP BY space.nspname, class.relname, class.oid, class.relreplident
ORDER BY space.nspname, class.relname
"""


def primary_key(database: connection, oid: int) -> tuple[str, ...]:
    """The columns of a table's primary key, in physical order."""
    rows = fetch(
        database,
        "SELECT attname::text FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey) "
        "WHERE indrelid = %s AND indisprimary ORDER BY attnum",
        (oid,),
    )
    return tuple(name for (name,) in rows)


def current_lsn(database: connection) -> int:
    """Where the server writes its WAL now."""
    ((text,),) = fetch(database, "SELECT pg_current_wal_lsn()::text")
    return lsn_number(text)


def type_names(database: connection, types: list[tuple[int, int]]) -> tuple[str, ...]:
    """The base types' SQL names of (type oid, modifier) pairs, in order; an oid that is gone is text to us."""
    rows = fetch(
        database,
        "WITH RECURSIVE base (n, type, modifier) AS ("
        " SELECT n, type, modifier FROM unnest(%s::oid[], %s::int[]) WITH ORDINALITY AS given (type, modifier, n)"
        " UNION ALL SELECT n, typbasetype, typtypmod FROM base JOIN pg_type ON pg_type.oid = base.type"
        " WHERE typtype = 'd') "
        "SELECT DISTINCT ON (n) format_type(type, modifier) FROM base "
        "ORDER BY n, (SELECT typtype = 'd' FROM pg_type WHERE oid = type)",
        ([oid for oid, _ in types], [modifier for _, modifier in types]),
    )
    return tuple(str(name) for (name,) in rows)


def ensure_publication(owner_dsn: str, name: str, tables: list[SourceTable], *, inserts_only: bool = False) -> None:
    """Create the publication, or make the existing one publish exactly these tables (it may be none).

    A column list is given only where a column is removed: a table published whole also publishes columns added later.
    """
    members = SQL(", ").join(
        SQL("{} ({})").format(table.sql_name, SQL(", ").join(map(Identifier, table.columns)))
        if table.removed
        else table.sql_name
        for table in tables
    )
    published = SQL("insert" if inserts_only else "insert, update, delete, truncate")
    with connected(owner_dsn) as database, database.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_publication WHERE pubname = %s", (name,))
        if cursor.fetchone() is not None and tables:
            cursor.execute(SQL("ALTER PUBLICATION {} SET TABLE {}").format(Identifier(name), members))
            return
        cursor.execute(SQL("DROP PUBLICATION IF EXISTS {}").format(Identifier(name)))
        wanted = SQL("FOR TABLE {}").format(members) if tables else SQL("")
        cursor.execute(
            SQL("CREATE PUBLICATION {} {} WITH (publish = '{}')").format(Identifier(name), wanted, published)
        )


def published_tables(database: connection, publication: str) -> set[str]:
    """The tables of a publication, as ``schema.table``."""
    rows = fetch(
        database, "SELECT schemaname || '.' || tablename FROM pg_publication_tables WHERE pubname = %s", (publication,)
    )
    return {name for (name,) in rows}


def require_publication(database: connection, name: str) -> None:
    """PublicationMissing unless it is there."""
    if not fetch(database, "SELECT 1 FROM pg_publication WHERE pubname = %s", (name,)):
        raise PublicationMissing(
            f"there is no publication {name}; slots decode through it",
            hint=f"{RELOAD} (it makes the publication again)",
        )
