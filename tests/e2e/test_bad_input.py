"""What goes wrong ends in a named error and an exit code, never in a traceback, and the way back loses nothing."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
from lakehouse_home import FEW_MARTS, Lakehouse, Said, until

from lakehouse_local.capture import manifest
from lakehouse_local.capture.manifest import FileEntry

EXTENSIONS = FEW_MARTS

UPDATE = "update core_order set shipping_amount = shipping_amount + 1 where id <= 20"


@pytest.fixture(scope="module")
def taken_in(lake: Lakehouse) -> Lakehouse:
    """The lakehouse with the full load in silver and gold."""
    lake.run()
    return lake


def assert_proven(lake: Lakehouse) -> None:
    """Everything that is committed is in the lake."""
    report = lake.verify()
    assert report.equal, report.details()


def newest_files(lake: Lakehouse) -> Sequence[FileEntry]:
    """The files of the newest manifest."""
    newest = manifest.newest(lake.storage, lake.bucket("bronze"))
    assert newest is not None
    return newest.files


def captured_change(lake: Lakehouse) -> FileEntry:
    """A change that is in bronze, in one file, and not in silver yet."""
    lake.change(UPDATE)
    assert lake.command("replicate", "--once").ended == (0, None)
    (file,) = newest_files(lake)
    return file


def on_slot(lake: Lakehouse, sql: str) -> None:
    """Run a statement as the capture's role."""
    with closing(psycopg2.connect(lake.parts.postgres.capture_dsn)) as database, database.cursor() as cursor:
        database.autocommit = True
        cursor.execute(sql)


def interrupted(lake: Lakehouse, server: str) -> Said:
    """How a following `lakehouse replicate` ends when a server is killed under it, a change on its way."""
    capture = lake.start("replicate")
    assert capture.stderr is not None
    before = newest_files(lake)
    lake.change(UPDATE)
    until(lambda: newest_files(lake) != before)
    if server == "postgres":
        lake.change(UPDATE)
    lake.kill(server)
    if server != "postgres":
        lake.change(UPDATE)
    _, err = capture.communicate(timeout=300)
    return Said(capture.returncode, "", err)


@pytest.mark.parametrize(
    "command",
    [
        ("seed", "--scale", "small"),
        ("simulate",),
        ("replicate",),
        ("run",),
        ("verify",),
        ("query", "select 1 from orders"),
        ("history", "orders"),
        ("env",),
        ("down",),
    ],
    ids=lambda command: command[0],
)
def test_without_a_lakehouse(lake: Lakehouse, tmp_path: Path, command: tuple[str, ...]) -> None:
    """Every verb that needs servers says that none run, and how to start them."""
    said = Lakehouse(replace(lake.settings, home=tmp_path / "nothing")).command(*command)
    assert said.ended == (1, "not-running")
    assert "lakehouse up" in said.err


@pytest.mark.parametrize(
    ("command", "error", "hint"),
    [
        (("seed", "--scale", "huge"), "unknown-scale", "small, medium, large"),
        (("seed", "--scale", "medium"), "database-not-empty", "another seed"),
        (("simulate", "--days", "0"), None, "Invalid value for '--days'"),
        (("simulate", "--days", "three"), None, "Invalid value for '--days'"),
        (("dance",), None, "No such command"),
    ],
)
def test_a_wrong_request(lake: Lakehouse, command: tuple[str, ...], error: str | None, hint: str) -> None:
    """A scale, a number or a verb that there is not: exit code 2 and what there is."""
    said = lake.command(*command)
    assert said.ended == (2, error)
    assert hint in said.err


@pytest.mark.parametrize(
    ("command", "error"),
    [(("query", "select 1 from orders"), "table-missing"), (("history", "orders"), "table-missing")],
)
def test_an_empty_lake(lake: Lakehouse, command: tuple[str, ...], error: str) -> None:
    """Before the first run there is no table to ask for, and that is said."""
    said = lake.command(*command)
    assert said.ended == (1, error)
    assert "lakehouse run" in said.err


@pytest.mark.parametrize(
    ("command", "error", "hint"),
    [
        (("query", "select * from order_lines"), "unknown-table", "silver.order_items"),
        (("history", "revenue_weekly"), "unknown-table", "gold.revenue_daily"),
        (("query", "selekt"), "sql-invalid", "selekt"),
        (("query", "drop table orders"), "sql-refused", "one SELECT"),
        (("query", "select * from read_csv('/etc/hosts')"), "sql-refused", "read_csv"),
        (("query", "select 1 from orders", "--as-of", "1999-01-01"), "no-such-time", "2025-07-01"),
        (("query", "select 1 from orders", "--as-of", "yesterday"), "sql-invalid", "yesterday"),
    ],
)
def test_a_wrong_question(taken_in: Lakehouse, command: tuple[str, ...], error: str, hint: str) -> None:
    """An unknown table or time, or SQL that is no question: exit code 2, and what there is."""
    said = taken_in.command(*command)
    assert said.ended == (2, error)
    assert hint in said.err


def cut(body: bytes) -> bytes:
    """The first half."""
    return body[: len(body) // 2]


def altered(body: bytes) -> bytes:
    """Another byte in the middle, the same length."""
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 0xFF]) + body[middle + 1 :]


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (altered, "bronze-file-altered"),
        # The same way back, minutes again.
        pytest.param(cut, "bronze-file-altered", marks=pytest.mark.slow),
        pytest.param(None, "bronze-file-missing", marks=pytest.mark.slow),
    ],
    ids=["altered", "cut", "missing"],
)
def test_a_damaged_bronze_file(taken_in: Lakehouse, damage: Callable[[bytes], bytes] | None, error: str) -> None:
    """Nothing of a run is read if one of its files is not what its manifest lists; restoring it is the way back."""
    lake = taken_in
    file, bucket, runs = captured_change(lake), lake.bucket("bronze"), lake.records()
    whole = lake.storage.get(bucket, file.key)
    if damage:
        lake.storage.put(bucket, file.key, damage(whole))
    else:
        lake.storage.delete(bucket, file.key)
    said = lake.command("run")
    assert said.ended == (1, error)
    assert file.key in said.err
    assert lake.records() == runs
    lake.storage.put(bucket, file.key, whole)
    assert_proven(lake)


def test_a_hole_in_the_changes(taken_in: Lakehouse) -> None:
    """A change that never reached the capture is found by verify, with its key and exit code 1; a reload mends it."""
    lake = taken_in
    lake.change("alter publication lakehouse set (publish = 'insert')")
    lake.change("update core_tenant set name = 'unseen' where id = 2")
    lake.change("alter publication lakehouse set (publish = 'insert, update, delete, truncate')")
    said = lake.command("verify")
    assert said.ended == (1, None)
    assert "DIFFERENT" in said.out
    assert "core_tenant" in said.out
    assert lake.command("replicate", "--reload", "--once").ended == (0, None)
    assert_proven(lake)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("select pg_drop_replication_slot('lakehouse')", "capture-slot-missing"),
        pytest.param(
            "select pg_replication_slot_advance('lakehouse', pg_current_wal_lsn())",
            "capture-checkpoint-behind-slot",
            # The same way back as above, minutes again.
            marks=pytest.mark.slow,
        ),
    ],
    ids=["missing slot", "checkpoint behind slot"],
)
def test_a_slot_that_cannot_go_on(taken_in: Lakehouse, fault: str, error: str) -> None:
    """Changes that PostgreSQL no longer gives are never passed over in silence; a reload takes them in."""
    lake = taken_in
    lake.change(UPDATE)
    on_slot(lake, fault)
    for verb in (("replicate", "--once"), ("run",)):
        said = lake.command(*verb)
        assert said.ended == (1, error)
        assert "lakehouse replicate --reload" in said.err
    assert lake.command("replicate", "--reload", "--once").ended == (0, None)
    assert_proven(lake)


def test_a_database_that_dies_under_the_capture(taken_in: Lakehouse) -> None:
    """PostgreSQL is killed while changes are captured: a named error; after down and up capture goes on."""
    lake = taken_in
    assert interrupted(lake, "postgres").ended == (1, "capture-source-gone")
    assert lake.command("status").ended == (1, None)
    for verb in ("seed", "simulate", "run", "verify"):
        exit_code, error = lake.command(verb).ended
        assert exit_code
        assert error is not None
    lake.down()
    lake.up()
    assert_proven(lake)


@pytest.mark.slow
def test_an_s3_that_dies_under_the_capture(taken_in: Lakehouse) -> None:
    """LocalStack is killed while changes are captured: a named error; what it lost is named, and loaded again."""
    lake = taken_in
    assert interrupted(lake, "localstack").ended == (1, "capture-storage-gone")
    for verb in (
        ("replicate", "--once"),
        ("run",),
        ("verify",),
        ("query", "select 1 from orders"),
        ("history", "orders"),
    ):
        exit_code, error = lake.command(*verb).ended
        assert exit_code == 1
        assert error in ("s3-unreachable", "capture-storage-gone", "lake-unreachable")
    lake.down()
    lake.up()
    assert lake.command("run").ended == (1, "lake-incomplete")
    assert lake.command("replicate", "--reload", "--once").ended == (0, None)
    assert_proven(lake)


@pytest.mark.slow
def test_an_s3_that_dies_under_a_run(taken_in: Lakehouse) -> None:
    """LocalStack is killed while Spark writes silver: a named error, soon; a reload leads back."""
    lake = taken_in
    lake.change(UPDATE)
    run = lake.start("run")
    assert run.stderr is not None
    assert any(line.startswith("silver: ") for line in run.stderr)
    lake.kill("localstack")
    _, err = run.communicate(timeout=300)
    assert Said(run.returncode, "", err).ended == (1, "s3-unreachable")
    lake.down()
    lake.up()
    assert lake.command("replicate", "--reload", "--once").ended == (0, None)
    assert_proven(lake)
