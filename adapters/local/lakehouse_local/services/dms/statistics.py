"""A task's counts in the shapes of DMS's answers."""

import time
from typing import Any

from lakehouse_local.capture.manifest import Manifest
from lakehouse_local.services.dms.common import Answer, filled
from lakehouse_local.services.state import Document

_COUNTS = {
    "Inserts": "inserts",
    "Deletes": "deletes",
    "Updates": "updates",
    "Ddls": "ddls",
    "AppliedInserts": "applied_inserts",
    "AppliedDeletes": "applied_deletes",
    "AppliedUpdates": "applied_updates",
    "AppliedDdls": "applied_ddls",
    "FullLoadRows": "load_rows",
}
"""A TRUNCATE counts among Ddls: DMS captures it as one, and applies none of them on S3."""
_TIMES = {"FullLoadStartTime": "load_started", "FullLoadEndTime": "load_ended", "LastUpdateTime": "updated"}
_STATES = {
    "TablesLoaded": ("Table completed",),
    "TablesLoading": ("Full load", "Table is being reloaded"),
    "TablesQueued": ("Before load",),
    "TablesErrored": ("Table error",),
}


def table_statistics(progress: Document) -> list[Answer]:
    """TableStatistics of every table, by name."""
    return [_table(name, counts) for name, counts in sorted(progress["tables"].items())]


def _table(name: str, counts: Document) -> Answer:
    schema, table = name.split(".", 1)
    times = {member: counts[key] for member, key in _TIMES.items() if key in counts}
    return {
        "SchemaName": schema,
        "TableName": table,
        **{member: counts.get(key, 0) for member, key in _COUNTS.items()},
        # Rows are read as they are or the table's load fails; none is left out by a condition.
        "FullLoadCondtnlChkFailedRows": 0,
        "FullLoadErrorRows": 0,
        "FullLoadReloaded": counts.get("reloaded", False),
        **times,
        "TableState": counts["state"],
        "ValidationPendingRecords": 0,
        "ValidationFailedRecords": 0,
        "ValidationSuspendedRecords": 0,
        "ValidationState": "Not enabled",
    }


def task_statistics(task: Document, progress: Document) -> Answer:
    """ReplicationTaskStats of a task that was started."""
    states = [table["state"] for table in progress["tables"].values()]
    counts: dict[str, Any] = {name: sum(state in wanted for state in states) for name, wanted in _STATES.items()}
    end = task.get("_stopped") or time.time()
    return filled(
        {
            **counts,
            "FullLoadProgressPercent": 100 * counts["TablesLoaded"] // len(states) if states else 0,
            "ElapsedTimeMillis": int(1000 * (end - task["ReplicationTaskStartDate"])),
            "FreshStartDate": task.get("_fresh"),
            "StartDate": task["ReplicationTaskStartDate"],
            "StopDate": task.get("_stopped"),
            "FullLoadStartDate": task.get("_load_started"),
            "FullLoadFinishDate": task.get("_load_finished"),
        }
    )


def recovery_checkpoint(manifest: Manifest) -> str:
    """Where a task goes on, in DMS's form."""
    high, low = manifest.end_lsn >> 32, manifest.end_lsn & 0xFFFFFFFF
    return f"checkpoint:V1#{manifest.epoch}#{high:08X}/{low:08X}#0#0#*#0#0"
