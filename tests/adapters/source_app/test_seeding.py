"""Seeding a real PostgreSQL."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from lakehouse_core.contracts import CONTRACTS, Contract
from source_app import history, seeding
from source_app.errors import DatabaseNotEmpty, DatabaseSettingRefused, DatabaseUnreachable, SeedCacheDamaged
from source_app.scales import SCALES


def quiet(what: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@pytest.fixture(scope="module")
def small(new_database: Callable[[str], str], cache: Path) -> tuple[str, seeding.Seeded]:
    """A database with the small seed 7, and what seeding said."""
    dsn = new_database("seeded")
    return dsn, seeding.seed(dsn, "small", 7, cache, quiet)


def test_exact_counts(small: tuple[str, seeding.Seeded]) -> None:
    """Each of the eight tables has exactly the scale's rows."""
    dsn, seeded = small
    counted = {table: rows(dsn, f"select count(*) from {table}")[0][0] for table in seeded.rows}
    assert counted == dict(SCALES["small"].by_table) == dict(seeded.rows)
    assert seeded.fresh


def test_eighteen_tables_twelve_with_rows(small: tuple[str, seeding.Seeded]) -> None:
    """Django's ten tables and ours; exactly those that the data model names have rows."""
    dsn, _ = small
    tables = [name for (name,) in rows(dsn, "select tablename from pg_tables where schemaname = 'public'")]
    filled = {name for name in tables if rows(dsn, f"select exists (select from {name})")[0][0]}
    assert len(tables) == 18
    assert filled == {
        "auth_permission",
        "auth_user",
        "django_content_type",
        "django_migrations",
        *SCALES["small"].by_table,
    }


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=lambda contract: contract.table)
def test_physical_columns_are_the_contracts(small: tuple[str, seeding.Seeded], contract: Contract) -> None:
    """Names, order, types and nullability in the migrated database equal the contract's."""
    dsn, _ = small
    physical = rows(
        dsn,
        "select attname, format_type(atttypid, atttypmod), not attnotnull from pg_attribute"
        f" where attrelid = 'public.{contract.table}'::regclass and attnum > 0 and not attisdropped order by attnum",
    )
    short = {"character varying": "varchar", "timestamp with time zone": "timestamptz"}
    read = []
    for name, kind, nullable in physical:
        for long, brief in short.items():
            kind = kind.replace(long, brief)  # noqa: PLW2901
        read.append((name, kind, nullable))
    assert read == [(column.name, column.source_type, column.nullable) for column in contract.columns]


def test_no_foreign_key_constraints(small: tuple[str, seeding.Seeded]) -> None:
    """Orphans can exist: the eight tables have no foreign keys in the database."""
    dsn, _ = small
    assert (
        rows(dsn, "select conname from pg_constraint where contype = 'f' and conrelid::regclass::text like 'core%'")
        == []
    )


def test_clock_and_stamp(small: tuple[str, seeding.Seeded]) -> None:
    """A new session of any role reads the end of the history from lakehouse.clock."""
    dsn, seeded = small
    assert rows(dsn, "select current_setting('lakehouse.clock')") == [(history.END.isoformat(),)]
    assert seeded.clock == history.END.isoformat()


def test_sequences_follow(small: tuple[str, seeding.Seeded]) -> None:
    """The next id that PostgreSQL gives follows the seed's last."""
    dsn, _ = small
    assert rows(dsn, "select last_value from core_order_id_seq") == [(1_024,)]


def test_again_is_nothing_to_do(small: tuple[str, seeding.Seeded], cache: Path) -> None:
    """The same seed a second time changes nothing and says so."""
    dsn, _ = small
    again = seeding.seed(dsn, "small", 7, cache, quiet)
    assert not again.fresh
    assert "nothing to do" in again.summary()


def test_another_seed_is_refused(small: tuple[str, seeding.Seeded], cache: Path) -> None:
    """A database that holds another seed is left alone."""
    dsn, _ = small
    with pytest.raises(DatabaseNotEmpty, match="another seed"):
        seeding.seed(dsn, "small", 8, cache, quiet)


def test_foreign_rows_are_refused(new_database: Callable[[str], str], cache: Path) -> None:
    """A database with somebody's own table is left alone."""
    dsn = new_database("foreign_rows")
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("create table mine as select 1 as one")
    with pytest.raises(DatabaseNotEmpty, match="mine has rows"):
        seeding.seed(dsn, "small", 7, cache, quiet)


def test_unreachable_is_named(cache: Path) -> None:
    """A server that is not there is a named error without the password."""
    with pytest.raises(DatabaseUnreachable) as raised:
        seeding.seed("host=127.0.0.1 port=1 dbname=saas user=nobody password=hush", "small", 7, cache, quiet)
    assert "hush" not in str(raised.value)


def test_a_role_without_the_setting_is_told(server: str, new_database: Callable[[str], str], cache: Path) -> None:
    """Without the right to set the clock nothing is kept, and the error holds the statement that helps."""
    dsn = new_database("no_right")
    with closing(psycopg2.connect(f"{server} dbname=postgres")) as admin:
        admin.autocommit = True
        cursor = admin.cursor()
        cursor.execute('revoke set on parameter "lakehouse.clock" from lakehouse_app')
        try:
            with pytest.raises(DatabaseSettingRefused, match="grant set on parameter"):
                seeding.seed(dsn, "small", 7, cache, quiet)
        finally:
            cursor.execute('grant set on parameter "lakehouse.clock" to lakehouse_app')
    assert rows(dsn, "select count(*) from core_order") == [(0,)]
    assert seeding.seed(dsn, "small", 7, cache, quiet).fresh


def test_a_damaged_cache_is_named(new_database: Callable[[str], str], tmp_path: Path) -> None:
    """A cut file in the cache loads nothing and says which folder to remove."""
    dsn = new_database("damaged")
    from source_app.generate.cache import folder_of, seed_files  # noqa: PLC0415 - needs Django's settings

    seed_files(tmp_path, "small", 7, quiet)
    file = folder_of(tmp_path, "small", 7) / "core_event.copy.gz"
    file.write_bytes(file.read_bytes()[:-2_000])
    with pytest.raises(SeedCacheDamaged, match="core_event"):
        seeding.seed(dsn, "small", 7, tmp_path, quiet)
    assert rows(dsn, "select count(*) from core_tenant") == [(0,)]


def test_manifest_points_at_rows(small: tuple[str, seeding.Seeded]) -> None:
    """Every planted defect names a row that is there."""
    dsn, seeded = small
    for planted in json.loads(seeded.manifest.read_text()).values():
        for defect in planted:
            assert rows(dsn, f"select count(*) from {defect['table']} where id = {int(defect['id'])}") == [(1,)]
