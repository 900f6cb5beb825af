"""Tasks move rows: load, changes, statistics, losses, stops, reloads, restarts."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
from dms_service import POC_TARGET, Dms, rules

Sql = Callable[..., None]


def test_a_task_loads_and_then_follows_the_changes(dms: Dms, sql: Sql) -> None:
    """full-load-and-cdc: files as the endpoint asks for them, real counts, and a checkpoint."""
    task = dms.task()
    ready = dms.described(task)
    assert ready["Status"] == "ready"
    assert "ReplicationTaskStats" not in ready
    dms.start(task)
    dms.until_count(task, "product", TableState="Table completed", FullLoadRows=5)
    sql(
        "INSERT INTO product VALUES (6, 'six, \"quoted\"', 9.00, NULL, true)",
        "UPDATE product SET price = 2.00 WHERE id = 1",
        "DELETE FROM product WHERE id = 2",
        "INSERT INTO note VALUES ('c', 3)",
    )
    dms.until_count(task, "product", Inserts=1, Updates=1, Deletes=1, AppliedUpdates=1)
    dms.until_count(task, "note", FullLoadRows=2, Inserts=1)
    assert dms.keys("dms-data/public/") == [
        "dms-data/public/note/LOAD00000001.csv.gz",
        "dms-data/public/product/LOAD00000001.csv.gz",
    ]
    loaded = dms.rows("dms-data/public/product/")
    assert [row[0] for row in loaded] == ["I"] * 5
    assert loaded[0][2:] == ["1", "p1", "1.50", "0.142857", "false"]
    assert len(loaded[0][1]) == len("2024-05-01 09:30:00.120000")
    changes = [[row[0], row[1], row[2], *row[4:]] for row in dms.rows("dms-data/cdc/CDC_TXN-")]
    assert changes == [
        ["I", "product", "public", "6", 'six, "quoted"', "9.00", r"\N", "true"],
        ["U", "product", "public", "1", "p1", "2.00", "0.142857", "false"],
        ["D", "product", "public", "2", r"\N", r"\N", r"\N", r"\N"],
        ["I", "note", "public", "c", "3"],
    ]
    running = dms.described(task)
    stats = running["ReplicationTaskStats"]
    assert (running["Status"], stats["FullLoadProgressPercent"], stats["TablesLoaded"]) == ("running", 100, 3)
    assert stats["FullLoadStartDate"] <= stats["FullLoadFinishDate"]
    assert running["RecoveryCheckpoint"].startswith("checkpoint:V1#")
    stopped = dms.stop(task)
    assert stopped["StopReason"] == "Stop Reason NORMAL"
    assert stopped["ReplicationTaskStats"]["StopDate"] >= stats["StartDate"]


def test_a_stopped_task_resumes_without_loss(dms: Dms, sql: Sql) -> None:
    """What was committed while it stood, and just before it stopped, is in the files once."""
    target = dms.target(CdcMaxBatchInterval=60)
    task = dms.task(target=target)
    dms.start(task)
    dms.until_count(task, "product", FullLoadRows=5)
    sql("INSERT INTO product VALUES (10, 'ten')")
    dms.until(lambda: _seen(dms, task))
    dms.stop(task)
    sql("INSERT INTO product VALUES (11, 'eleven')")
    dms.start(task, "resume-processing")
    sql("INSERT INTO product VALUES (12, 'twelve')")
    dms.until(lambda: _seen(dms, task))
    dms.stop(task)
    # How much of a batch of 60 s was read, and so stored by the stops, is chance; the slot holds the rest.
    dms("ModifyEndpoint", EndpointArn=target, S3Settings=POC_TARGET | {"CdcMaxBatchInterval": 1})
    dms.start(task, "resume-processing")
    dms.until_count(task, "product", Inserts=3)
    dms.stop(task)
    assert [row[4] for row in dms.rows("dms-data/cdc/")] == ["10", "11", "12"]


def _seen(dms: Dms, task: str) -> bool:
    """Whether the task's slot is being read."""
    slot = f"dms_{task.rsplit(':', 1)[1].lower()}"
    with dms_admin(dms) as cursor:
        cursor.execute("SELECT active FROM pg_replication_slots WHERE slot_name = %s", (slot,))
        row = cursor.fetchone()
        return bool(row and row[0])


def test_what_dms_loses_is_lost_and_counted(dms: Dms, sql: Sql) -> None:
    """TRUNCATE, key changes, cut numbers and texts, changes without a key: counted, logged, told as events."""
    sql("UPDATE product SET weight = 1.123456789 WHERE id = 1", "INSERT INTO product VALUES (7, repeat('x', 600))")
    settings = {"TargetMetadata": {"LobMaxSize": 1}, "Logging": {"EnableLogging": True}}
    task = dms.task(ReplicationTaskSettings=json.dumps(settings))
    dms.start(task)
    dms.until_count(task, "note", FullLoadRows=2)
    sql(
        "UPDATE product SET id = 100 WHERE id = 1",
        "UPDATE product SET weight = -0.00000001, name = repeat('y', 700) WHERE id = 3",
        "UPDATE note SET amount = 9",
        "DELETE FROM note WHERE body = 'a'",
        "SELECT pg_stat_force_next_flush()",
        "TRUNCATE empty, product",
        "INSERT INTO product VALUES (1)",
    )
    dms.until_count(task, "product", Inserts=1)
    found = dms.statistics(task)
    assert (found["product"]["Updates"], found["product"]["AppliedUpdates"]) == (2, 1)
    assert (found["product"]["Ddls"], found["product"]["AppliedDdls"]) == (1, 0)
    assert (found["empty"]["Ddls"], found["empty"]["AppliedDdls"]) == (1, 0)
    loaded = {row[2]: row for row in dms.rows("dms-data/public/product/")}
    assert (loaded["1"][5], loaded["7"][3]) == ("1.123456", "x" * 512)
    changes = [(row[0], row[1], row[4]) for row in dms.rows("dms-data/cdc/")]
    assert changes == [("U", "product", "3"), ("I", "product", "1")]
    (update, _) = dms.rows("dms-data/cdc/")
    assert (update[5], update[7]) == ("y" * 512, "0.000000")

    losses = (
        "public.product: TRUNCATE is not replicated (1 more)",
        "public.product: an update that changes the primary key is ignored (1 more)",
        "public.product: a number of an unbounded numeric column is cut",
        "public.product: a large object is cut",
        "public.note: an update of a table without a usable primary key is ignored (2 more)",
        "public.note: a delete in a table without a usable primary key is ignored (1 more)",
    )

    def told() -> bool:
        dms.statistics(task)
        events = [event["Message"] for event in dms("DescribeEvents", SourceIdentifier="task")["Events"]]
        return all(any(text in event for event in events) for text in losses)

    dms.until(told)
    assert any("TRUNCATE is not replicated" in line for _, _, line in dms.lines)
    assert {group for group, _, _ in dms.lines} == {"dms-tasks-rep"}


def test_tables_and_targets_are_loaded_again(dms: Dms, sql: Sql) -> None:
    """reload-tables while it runs, reload-target when it stands: old files go, new counts come."""
    task = dms.task()
    dms.start(task)
    dms.until_count(task, "product", FullLoadRows=5)
    sql("TRUNCATE product", "INSERT INTO product VALUES (1, 'again')")
    dms.until_count(task, "product", Inserts=1)
    answer = dms(
        "ReloadTables", ReplicationTaskArn=task, TablesToReload=[{"SchemaName": "public", "TableName": "product"}]
    )
    assert answer == {"ReplicationTaskArn": task}
    dms.until_count(task, "product", FullLoadRows=1, FullLoadReloaded=True, TableState="Table completed")
    assert [row[2] for row in dms.rows("dms-data/public/product/")] == ["1"]
    sql("INSERT INTO product VALUES (2, 'after')")
    dms.until_count(task, "product", Inserts=2)
    dms.stop(task)
    sql("DELETE FROM note")
    dms.start(task, "reload-target")
    dms.until_count(task, "product", FullLoadRows=2, Inserts=0)
    dms.until_status(task, "running")
    assert dms.keys("dms-data/public/") == ["dms-data/public/product/LOAD00000001.csv.gz"]
    dms.stop(task)


def test_a_running_task_goes_on_when_the_endpoint_starts_again(dms: Dms, sql: Sql) -> None:
    """The state is kept: a task that ran runs on from its checkpoint, with its counts."""
    task = dms.task()
    dms.start(task)
    dms.until_count(task, "product", FullLoadRows=5)
    sql("INSERT INTO product VALUES (10)")
    dms.until_count(task, "product", Inserts=1)
    dms.service.close()
    sql("INSERT INTO product VALUES (11)")
    dms.open()
    assert dms.described(task)["Status"] == "running"
    dms.until_count(task, "product", Inserts=2, FullLoadRows=5)
    assert [row[4] for row in dms.rows("dms-data/cdc/")] == ["10", "11"]
    dms.stop(task)


def test_a_killed_endpoint_loses_nothing(dms: Dms, sql: Sql) -> None:
    """After kill -9 in the midst of changes every committed row is in the files when the endpoint is back."""
    sql("DROP TABLE note")
    task = dms.task()
    dms.start(task)
    dms.until_count(task, "product", FullLoadRows=5)
    # A task that has stored a change is past its load, which would begin again otherwise.
    sql("INSERT INTO product VALUES (99)")
    dms.until_count(task, "product", Inserts=1)
    dms.service.close()
    arguments = [str(dms.folder), json.dumps(asdict(dms.s3)), dms.part.dsn]
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("child.py")), *arguments], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"started\n"
        for number in range(100, 130):
            sql(f"INSERT INTO product VALUES ({number})")
            time.sleep(0.05)
        child.kill()
    sql("INSERT INTO product VALUES (130)")
    dms.open()

    def arrived() -> set[int]:
        return {int(row[4]) for row in dms.rows("dms-data/cdc/")}

    # What was stored and not yet noted when it was killed is stored, and counted, again.
    dms.until(lambda: 130 in arrived())
    assert arrived() == set(range(99, 131))
    assert dms.statistics(task)["product"]["Inserts"] >= 32
    dms.stop(task)


def test_a_full_load_ends_by_itself(dms: Dms, sql: Sql) -> None:
    """full-load only needs no slot, and stops with DMS's reason."""
    sql("DROP TABLE empty")
    task = dms.task(MigrationType="full-load")
    dms.start(task)
    stopped = dms.until_status(task, "stopped")
    assert stopped["StopReason"] == "Stop Reason FULL_LOAD_ONLY_FINISHED"
    assert stopped["ReplicationTaskStats"]["FullLoadProgressPercent"] == 100
    assert "RecoveryCheckpoint" not in stopped
    assert _slots(dms) == 0


def test_a_task_stops_where_it_was_asked_to(dms: Dms, sql: Sql) -> None:
    """After the cached changes, or at a time of the server; a table that DMS cannot load is set aside and said."""
    sql("CREATE TABLE lists (items int[])", "INSERT INTO lists VALUES ('{1,2}')")
    settings = {"FullLoadSettings": {"StopTaskCachedChangesApplied": True}}
    task = dms.task(ReplicationTaskSettings=json.dumps(settings))
    dms.start(task)
    stopped = dms.until_status(task, "stopped")
    assert stopped["StopReason"] == "Stop Reason STOPPED_AFTER_CACHED_EVENTS"
    assert stopped["ReplicationTaskStats"]["TablesErrored"] == 1
    assert dms.statistics(task)["lists"]["TableState"] == "Table error"
    assert dms.keys("dms-data/public/lists/") == []
    soon = datetime.now(UTC) + timedelta(seconds=2)
    dms(
        "StartReplicationTask",
        ReplicationTaskArn=task,
        StartReplicationTaskType="resume-processing",
        CdcStopPosition=f"server_time:{soon:%Y-%m-%dT%H:%M:%S}",
    )
    sql("INSERT INTO product VALUES (50)")
    at_time = dms.until_status(task, "stopped")
    assert at_time["StopReason"] == "Stop Reason STOPPED_AT_SERVER_TIME"
    dms("DeleteReplicationTask", ReplicationTaskArn=task)
    assert _slots(dms) == 0


def test_changes_alone_and_several_tasks_at_once(dms: Dms, sql: Sql) -> None:
    """A cdc task has no load files; two tasks of one source have slots of their own, which go with them."""
    source = dms.source()
    first = dms.task("first", source=source, MigrationType="cdc")
    layout = {"PreserveTransactions": False, "AddColumnName": True, "CompressionType": "none", "BucketFolder": "two"}
    second = dms.task("second", source=source, target=dms.target("other", **layout), MigrationType="cdc")
    dms.start(first)
    dms.start(second)
    dms.until(lambda: _seen(dms, first) and _seen(dms, second))
    sql("INSERT INTO product VALUES (20, 'both')")
    dms.until_count(first, "product", Inserts=1, FullLoadRows=0)
    dms.until_count(second, "product", Inserts=1)
    assert dms.keys("dms-data/public/") == []
    (key,) = dms.keys("two/public/product/")
    assert key.endswith(".csv")
    header, row = dms.rows("two/public/product/")
    assert header == ["Op", "dms_timestamp", "id", "name", "price", "weight", "active"]
    assert (row[0], row[2:]) == ("I", ["20", "both", r"\N", r"\N", r"\N"])
    assert _slots(dms) == 2
    for task in (first, second):
        dms.stop(task)
        dms("DeleteReplicationTask", ReplicationTaskArn=task)
    assert _slots(dms) == 0


def test_rules_choose_rename_and_add(dms: Dms, sql: Sql) -> None:
    """Selection with wildcards and exclusions; names, columns and expressions by transformation."""

    def rule(number: int, action: str, target: str, locator: dict[str, str], **more: Any) -> dict[str, Any]:
        return {
            "rule-type": "transformation",
            "rule-id": str(number),
            "rule-name": str(number),
            "rule-action": action,
            "rule-target": target,
            "object-locator": {"schema-name": "%", "table-name": "%"} | locator,
        } | more

    mappings = rules(
        {
            "rule-type": "selection",
            "rule-id": "2",
            "rule-name": "2",
            "object-locator": {"schema-name": "public", "table-name": "no%"},
            "rule-action": "exclude",
        },
        rule(3, "rename", "schema", {}, value="shop"),
        rule(4, "add-prefix", "table", {"table-name": "prod%"}, value="core_"),
        rule(5, "convert-uppercase", "column", {"column-name": "na%"}),
        rule(6, "remove-column", "column", {"column-name": "weight"}),
        rule(7, "add-column", "column", {}, value="seq", expression="$AR_H_CHANGE_SEQ"),
        rule(8, "add-column", "column", {}, value="what", expression="$AR_H_OPERATION || '-' || $id"),
    )
    layout = {"PreserveTransactions": False, "AddColumnName": True, "CsvDelimiter": ";"}
    task = dms.task(target=dms.target(**layout), TableMappings=mappings)
    dms.start(task)
    dms.until_count(task, "product", FullLoadRows=5)
    assert set(dms.statistics(task)) == {"product", "empty"}
    sql("UPDATE product SET name = 'a;b' WHERE id = 1")
    dms.until_count(task, "product", Updates=1)
    load, changes = "dms-data/shop/core_product/LOAD", "dms-data/shop/core_product/2"
    header, first, *_ = dms.rows(load, ";")
    assert header == ["Op", "dms_timestamp", "id", "NAME", "price", "active", "seq", "what"]
    assert first[2:] == ["1", "p1", "1.50", "false", "", "INSERT-1"]
    again, update = dms.rows(changes, ";")
    assert again == header
    assert (update[3], update[7], len(update[6])) == ("a;b", "UPDATE-1", 35)
    dms.stop(task)


def dms_admin(dms: Dms) -> Any:
    """A cursor of the application."""
    session = psycopg2.connect(dms.part.dsn)
    session.set_session(autocommit=True)
    return session.cursor()


def _slots(dms: Dms) -> int:
    with dms_admin(dms) as cursor:
        cursor.execute("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()")
        return int(cursor.fetchone()[0])
