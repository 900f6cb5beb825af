"""Changes of a real PostgreSQL, from commit to file."""

import pytest
from captured import BUCKET, Capture

from lakehouse_local.capture import engine
from lakehouse_local.capture.dms import DmsWire
from lakehouse_local.capture.settings import PER_TABLE, POC, S3Settings

ITEMS = "CREATE TABLE item (id bigint PRIMARY KEY, name text, note text, price numeric(12,2))"


def test_insert_update_delete_in_order(capture: Capture) -> None:
    """Each change is one row, in commit order, with the transaction's position and number."""
    capture.sql(ITEMS, "INSERT INTO item VALUES (1, 'one', NULL, 1.50)")
    report = capture.load()
    assert report.rows == {"public.item": 1}
    assert capture.loaded("public.item")[0][2:] == ["1", "one", r"\N", "1.50", "", "", ""]
    capture.sql(
        "INSERT INTO item VALUES (2, '', 'a,\"b\"\nc', 2)",
        "UPDATE item SET name = 'two' WHERE id = 2",
        "DELETE FROM item WHERE id = 1",
    )
    assert capture.drain().rows == 3
    changes = capture.changes()
    assert [(c.op, c.values, c.old_key) for c in changes] == [
        ("I", ("2", "", 'a,"b"\nc', "2.00"), ("",)),
        ("U", ("2", "two", 'a,"b"\nc', "2.00"), ("",)),
        ("D", ("1", r"\N", r"\N", r"\N"), ("",)),
    ]
    positions = [c.position for c in changes]
    assert positions == sorted(positions)
    assert {p.split(".")[1] for p in positions} == {"00000000"}
    table = capture.chain()[-1].tables["public.item"]
    assert (table.inserts, table.updates, table.deletes, table.types[3]) == (1, 1, 1, "numeric(12,2)")


def test_nothing_new_writes_nothing(capture: Capture) -> None:
    """A drain without changes leaves no manifest, however often it is repeated."""
    capture.sql(ITEMS)
    capture.load()
    for _ in range(3):
        assert capture.drain().manifests == 0
    assert len(capture.chain()) == 1


def test_commits_order_interleaved_transactions(capture: Capture, postgres) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Two transactions that overlap are written whole, in the order of their commits."""
    import psycopg2  # noqa: PLC0415

    capture.sql(ITEMS)
    capture.load()
    first, second = psycopg2.connect(postgres.dsn), psycopg2.connect(postgres.dsn)
    with first.cursor() as a, second.cursor() as b:
        a.execute("INSERT INTO item VALUES (1, 'a')")
        b.execute("INSERT INTO item VALUES (2, 'b')")
        a.execute("INSERT INTO item VALUES (3, 'a')")
        b.execute("INSERT INTO item VALUES (4, 'b')")
    second.commit()
    first.commit()
    capture.drain()
    assert [c.values[:2] for c in capture.changes()] == [("2", "b"), ("4", "b"), ("1", "a"), ("3", "a")]
    first.close()
    second.close()


def test_rolled_back_work_is_never_seen(capture: Capture) -> None:
    """A rollback leaves nothing, a rolled-back savepoint leaves the rest of its transaction."""
    capture.sql(ITEMS)
    capture.load()
    capture.sql(
        "BEGIN; INSERT INTO item VALUES (1); ROLLBACK",
        "BEGIN; INSERT INTO item VALUES (2); SAVEPOINT s; INSERT INTO item VALUES (3); ROLLBACK TO s; "
        "INSERT INTO item VALUES (4); COMMIT",
    )
    capture.drain()
    assert [c.values[0] for c in capture.changes()] == ["2", "4"]
    assert [c.position[-1] for c in capture.changes()] == ["0", "1"]


def test_key_change_truncate_and_unchanged_toast(capture: Capture) -> None:
    """A key change is one U row with its old key; what was not sent is marked; a truncate is a row per table."""
    capture.sql(
        ITEMS,
        "CREATE TABLE other (id bigint PRIMARY KEY)",
        "ALTER TABLE item ALTER note SET STORAGE EXTERNAL",
        "INSERT INTO item VALUES (1, 'one', repeat('x', 10000), 1)",
    )
    capture.load()
    capture.sql("UPDATE item SET name = 'uno'", "UPDATE item SET id = 7", "TRUNCATE item, other")
    capture.drain()
    changes = capture.changes()
    assert [(c.op, c.values, c.old_key) for c in changes[:2]] == [
        ("U", ("1", "uno", r"\U", "1.00"), ("",)),
        ("U", ("7", "uno", r"\U", "1.00"), ("1",)),
    ]
    assert {(c.op, c.table, c.values) for c in changes[2:]} == {
        ("T", "public.item", (r"\N",) * 4),
        ("T", "public.other", (r"\N",)),
    }


def test_replica_identity_full_sends_what_is_unchanged(capture: Capture) -> None:
    """With REPLICA IDENTITY FULL the old row has the value; a key counts as changed only if it did."""
    capture.sql(
        ITEMS,
        "ALTER TABLE item REPLICA IDENTITY FULL",
        "ALTER TABLE item ALTER note SET STORAGE EXTERNAL",
        "INSERT INTO item VALUES (1, 'one', repeat('x', 10000), 1)",
    )
    capture.load()
    capture.sql("UPDATE item SET name = 'uno'", "UPDATE item SET id = 7", "DELETE FROM item")
    capture.drain()
    assert [(c.op, c.values[0], len(c.values[2]), c.old_key) for c in capture.changes()] == [
        ("U", "1", 10000, ("",)),
        ("U", "7", 10000, ("1",)),
        ("D", "7", 2, ("",)),
    ]


def test_the_sources_clock_is_the_rows_time(capture: Capture) -> None:
    """A clock message anywhere in a transaction is the time of all its rows, and of the manifest."""
    capture.sql(ITEMS, "ALTER DATABASE saas SET lakehouse.clock = '2024-06-30T12:00:00+00:00'")
    capture.load()
    assert capture.chain()[0].clock == "2024-06-30T12:00:00+00:00"
    capture.sql(
        "BEGIN; INSERT INTO item VALUES (1); "
        "SELECT pg_logical_emit_message(true, 'lakehouse.clock', '2024-07-01T09:30:00.5Z'); "
        "INSERT INTO item VALUES (2); COMMIT"
    )
    capture.drain()
    assert {c.time for c in capture.changes()} == {"2024-07-01 09:30:00.500000"}
    assert capture.chain()[-1].clock == "2024-07-01T09:30:00.500000+00:00"


def test_new_column_starts_a_new_manifest(capture: Capture) -> None:
    """Rows of two shapes of a table never stand under one manifest."""
    capture.sql(ITEMS)
    capture.load()
    capture.sql(
        "INSERT INTO item VALUES (1)",
        "ALTER TABLE item ADD COLUMN colour varchar(8) DEFAULT 'red'",
        "INSERT INTO item VALUES (2)",
    )
    assert capture.drain().manifests == 2
    assert [c.values[-1] for c in capture.changes()] == [r"\N", "red"]
    assert capture.chain()[-1].tables["public.item"].types[-1] == "character varying(8)"


def test_both_layouts_hold_the_same_changes(capture: Capture) -> None:
    """A file per table with a header holds what the file of all tables holds."""
    capture.settings = PER_TABLE
    capture.sql(ITEMS, "CREATE TABLE other (id bigint PRIMARY KEY)", "INSERT INTO item VALUES (9)")
    capture.load()
    capture.sql(
        "INSERT INTO item SELECT generate_series(1, 5)", "INSERT INTO other VALUES (1)", "UPDATE item SET id = -id"
    )
    capture.drain()
    names = [file.key for file in capture.chain()[-1].files]
    assert len(names) == 2
    assert all(name.startswith(("dms-data/public/item/2", "dms-data/public/other/2")) for name in names)
    head = ["Op", "dms_timestamp", "id", "name", "note", "price", "AR_H_CHANGE_SEQ", "BI_id", "AR_H_STREAM_POSITION"]
    assert capture.loaded("public.item")[0] == head
    changes = sorted(capture.changes(), key=lambda change: change.position)
    assert [c.op for c in changes] == ["I"] * 6 + ["U"] * 6
    assert changes[5].table == "public.other"


def test_large_transaction_becomes_several_files_in_one_manifest(capture: Capture) -> None:
    """A transaction larger than a file is cut into files, waits on disk, and counts only as a whole."""
    capture.settings = S3Settings(CdcMinFileSize=2_000)
    capture.sql(ITEMS)
    capture.load()
    capture.sql("INSERT INTO item SELECT n, 'name ' || n, repeat('y', 300), n FROM generate_series(1, 50000) AS n")
    report = capture.drain()
    assert (report.manifests, report.transactions, report.rows) == (1, 1, 50000)
    assert report.files >= 8
    assert [int(c.values[0]) for c in capture.changes()] == list(range(1, 50001))
    first, second, *_ = capture.chain()[-1].files
    assert first.last_position < second.first_position


def test_a_file_time_only_rises(capture: Capture) -> None:
    """Files of transactions that committed in one millisecond have different names, in order."""
    capture.sql(ITEMS)
    capture.load()
    for n in range(3):
        capture.sql(f"INSERT INTO item VALUES ({n})")
        capture.drain()
    keys = [file.key for each in capture.chain() for file in each.files]
    assert keys == sorted(set(keys))
    assert keys[0].startswith("dms-data/cdc/CDC_TXN-2")


def test_idle_database_lets_go_of_wal(capture: Capture) -> None:
    """WAL without captured changes is let go through an empty manifest, once 16 MiB are held."""
    capture.sql(ITEMS, "CREATE TABLE unseen (filling text)")
    capture.load()
    capture.sql("INSERT INTO unseen SELECT repeat(md5(n::text), 40) FROM generate_series(1, 20000) AS n")
    assert capture.drain().manifests == 1
    assert capture.chain()[-1].files == ()
    capture.sql("INSERT INTO item VALUES (1)")
    assert capture.drain().rows == 1


@pytest.mark.parametrize("settings", [POC, PER_TABLE], ids=["transactions", "tables"])
def test_nothing_is_taken_twice(capture: Capture, settings: S3Settings) -> None:
    """Many small drains give each change once, and the change counter goes on."""
    capture.settings = settings
    capture.sql(ITEMS)
    capture.load()
    for n in range(5):
        capture.sql(f"INSERT INTO item VALUES ({n}), ({n + 100})")
        assert (
            engine.stream(
                capture.source, capture.storage, BUCKET, DmsWire(settings), engine.current_lsn(capture.source)
            ).rows
            == 2
        )
    assert len({c.position for c in capture.changes()}) == 10
    assert capture.chain()[-1].change_counter == 10
