"""What of the source is captured, and what a table, a server, a role or a mapping cannot be: each has its own error or warning."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
from captured import BUCKET, ITEMS, Capture

from lakehouse_local.capture import engine, errors
from lakehouse_local.capture.dms import POC_WIRE
from lakehouse_local.capture.mappings import DEFAULT
from lakehouse_local.capture.settings import S3Settings
from lakehouse_local.capture.source import captured_tables, require_logical
from lakehouse_local.engines.dms.errors import PublicationRefused
from lakehouse_local.engines.dms.source import publish
from lakehouse_local.providers import roles, servers
from lakehouse_local.providers.errors import ProviderUnavailable
from lakehouse_local.settings import Settings


def test_a_table_that_changes_within_a_transaction_is_named(capture: Capture) -> None:
    """Rows of two shapes in one transaction have no file to be in; nothing is acknowledged, and a reload goes past it."""
    capture.sql(ITEMS)
    capture.load()
    with capture.app.cursor() as cursor:
        cursor.execute(
            "BEGIN; INSERT INTO item VALUES (1); ALTER TABLE item ADD COLUMN size int; INSERT INTO item VALUES (2); COMMIT"
        )
    with pytest.raises(errors.ShapeChanged, match=r"public\.item .* before and after"):
        capture.drain()
    assert len(capture.chain()) == 1
    engine.reload(capture.source, capture.storage, BUCKET, POC_WIRE)
    assert [row[2] for row in capture.loaded("public.item")[-2:]] == ["1", "2"]


def test_a_server_without_logical_wal_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way out is in the hint."""
    monkeypatch.setitem(roles.SERVER_SETTINGS, "wal_level", "replica")
    server = servers.Servers(Settings(tmp_path, tmp_path, postgres="installed"))
    try:
        part = server.start_postgres(lambda _: None)
    except ProviderUnavailable as missing:
        pytest.skip(str(missing))
    try:
        with closing(psycopg2.connect(part.dsn)) as database, pytest.raises(errors.WalLevelNotLogical) as found:
            require_logical(database)
        assert "ALTER SYSTEM SET wal_level" in str(found.value.hint)
    finally:
        server.stop()
        server.discard()


def test_a_dms_user_who_may_not_publish_is_named(capture: Capture) -> None:
    """DMS's endpoint needs the tables' owner, or a superuser."""
    capture.sql(ITEMS)
    stranger = replace(capture.source, owner_dsn=capture.source.capture_dsn, inserts_publication="inserts")
    with closing(psycopg2.connect(capture.source.owner_dsn)) as database:
        tables = captured_tables(database, DEFAULT)
    with pytest.raises(PublicationRefused, match="may not publish"):
        publish(stranger, tables)


def test_a_table_without_key_is_loaded_with_a_warning(capture: Capture) -> None:
    """A table without primary key is loaded once and named; its UPDATE still works, because it is not published."""
    capture.sql(ITEMS, "CREATE TABLE keyless (a int)", "INSERT INTO keyless VALUES (1)")
    report = capture.load()
    assert report.rows == {"public.item": 0, "public.keyless": 1}
    assert len(report.warnings) == 1
    assert "public.keyless" in report.warnings[0]
    capture.sql("UPDATE keyless SET a = 2", "INSERT INTO item VALUES (1)")
    capture.drain()
    assert [c.table for c in capture.changes()] == ["public.item"]


def test_removed_columns_never_leave_the_database(capture: Capture) -> None:
    """The default mappings take the password out of load and changes."""
    capture.sql(
        "CREATE TABLE auth_user (id int PRIMARY KEY, password text, username text)",
        "INSERT INTO auth_user VALUES (1, 'secret', 'ada')",
    )
    capture.load()
    capture.sql("UPDATE auth_user SET password = 'other', username = 'eve'")
    capture.drain()
    assert capture.chain()[0].tables["public.auth_user"].columns == ("id", "username")
    assert capture.loaded("public.auth_user")[0][2:4] == ["1", "ada"]
    assert [c.values for c in capture.changes()] == [("1", "eve")]


def test_a_mapping_that_matches_nothing_is_named(capture: Capture) -> None:
    """A selection without a table is an error that says what there is."""
    capture.sql(ITEMS)
    rules = [dict(rule) for rule in DEFAULT["rules"]]
    rules[0]["object-locator"] = {"schema-name": "public", "table-name": "itms%"}
    source = replace(capture.source, mappings={"rules": rules})
    with pytest.raises(errors.MappingMatchesNothing, match=r"public\.item"):
        engine.full_load(source, capture.storage, BUCKET, POC_WIRE)


def test_large_tables_become_several_files_and_empty_ones_none(capture: Capture) -> None:
    """A large table is split by pages into numbered files that hold each row once; the number is hexadecimal."""
    capture.settings = S3Settings(MaxFileSize=200)
    capture.sql(ITEMS, "CREATE TABLE nothing (id int PRIMARY KEY)")
    capture.sql("INSERT INTO item SELECT n, repeat('z', 100) FROM generate_series(1, 20000) AS n")
    capture.load()
    (load,) = capture.chain()
    assert len(load.files) > 10
    assert load.files[9].key == "dms-data/public/item/LOAD0000000A.csv.gz"
    assert {file.table for file in load.files} == {"public.item"}
    assert sorted(int(line[2]) for line in capture.loaded("public.item")) == list(range(1, 20001))
