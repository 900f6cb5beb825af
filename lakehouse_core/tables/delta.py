"""Delta 3.3.2 behind the TableFormat Protocol: one driver writes a table at a time, versions are the commits.

Row tracking gives each row the version that wrote it last (``_metadata.row_commit_version``), through rewrites of the
files around it: the same that Hudi's ``_hoodie_commit_time`` gives, without a second copy of every change.
"""

import math
from datetime import UTC, datetime, timedelta

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from lakehouse_core.ports import Commit, Table
from lakehouse_core.tables import frames

_PROPERTIES = {
    "delta.enableRowTracking": "true",
    "delta.columnMapping.mode": "none",
    # Other readers (DuckDB, delta-rs) need no more than the first reader version.
    "delta.enableDeletionVectors": "false",
}
_NO_CHANGE = ("VACUUM START", "VACUUM END", "SET TBLPROPERTIES")


class DeltaFormat:
    """Delta tables by path."""

    name = "delta"

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark

    def exists(self, table: Table) -> bool:
        """Whether the table has a completed commit."""
        return DeltaTable.isDeltaTable(self._spark, table.location)

    def overwrite(self, table: Table, frame: DataFrame) -> Commit:
        """Replace the table's content and schema (create it if absent)."""
        frames.require(frame, table.key, table=table)
        writer = frames.nullable(frame).write.format("delta").mode("overwrite").option("overwriteSchema", "true")
        writer.options(**_PROPERTIES).save(table.location)
        return self._last(table)

    def merge(self, table: Table, frame: DataFrame) -> Commit:
        """Upsert by key; the stored row stays where its ordering value is greater than the incoming one."""
        ordering = frames.ordering_of(table)
        frames.require(frame, table.key, ordering, table=table)
        (
            self._table(table)
            .alias("stored")
            .merge(frames.nullable(frame).alias("incoming"), f"stored.`{table.key}` = incoming.`{table.key}`")
            .whenMatchedUpdateAll(f"stored.`{ordering}` <= incoming.`{ordering}`")
            .whenNotMatchedInsertAll()
            .withSchemaEvolution()
            .execute()
        )
        return self._last(table)

    def read(self, table: Table) -> DataFrame:
        """The current rows; TableMissing if never written."""
        return self._read(table)

    def read_as_of(self, table: Table, commit: str) -> DataFrame:
        """The rows as they stood after that version; CommitUnknown where it is not (or no longer) there."""
        frames.known(commit, self.history(table), table)
        return self._read(table, versionAsOf=commit)

    def changes_since(self, table: Table, commit: str) -> DataFrame:
        """The current rows that were written after that version (after an overwrite: all)."""
        return self._read(table).where(F.col("_metadata.row_commit_version") > int(commit))

    def history(self, table: Table) -> list[Commit]:
        """The versions whose files are still there, oldest first; TableMissing if never written."""
        entries = self._entries(table)
        oldest = max((int(e.oldest_kept) for e in entries if e.operation in _NO_CHANGE and e.oldest_kept), default=0)
        return [_commit(e) for e in reversed(entries) if e.operation not in _NO_CHANGE and e.version >= oldest]

    def optimize(self, table: Table) -> Commit | None:
        """Join small files into larger ones; None if there was nothing to do."""
        before = self._last(table)
        self._table(table).optimize().executeCompaction()
        after = self._last(table)
        return None if after == before else after

    def clean(self, table: Table, keep_commits: int) -> None:
        """Delete the file versions that only commits before the last ``keep_commits`` need.

        Delta counts in whole hours, not in commits, so files of up to an hour before the oldest kept commit stay too.
        The version is written into the log beside the vacuum: from then on history begins there.
        """
        history = self.history(table)
        if len(history) <= keep_commits:
            return
        oldest = history[-keep_commits]
        hours = _retention_hours(datetime.now(UTC) - oldest.at)
        values = {
            # Delta's own guard asks for a week, for the sake of writers that are at work; here the writer is this one.
            "spark.databricks.delta.retentionDurationCheck.enabled": "false",
            "spark.databricks.delta.commitInfo.userMetadata": oldest.id,
            # On S3 the vacuum would leave no trace in the log by default.
            "spark.databricks.delta.vacuum.logging.enabled": "true",
        }
        for key, value in values.items():
            self._spark.conf.set(key, value)
        try:
            self._table(table).vacuum(hours)
        finally:
            for key in values:
                self._spark.conf.unset(key)

    def _table(self, table: Table) -> DeltaTable:
        if not self.exists(table):
            raise frames.missing(table)
        return DeltaTable.forPath(self._spark, table.location)

    def _read(self, table: Table, **options: str) -> DataFrame:
        if not self.exists(table):
            raise frames.missing(table)
        return self._spark.read.format("delta").options(**options).load(table.location)

    def _entries(self, table: Table, limit: int | None = None) -> list[Row]:
        """The log's entries, newest first; the time as a number, since rows would carry it in this process's zone."""
        columns = (
            F.col("version"),
            F.unix_micros("timestamp").alias("micros"),
            F.col("operation"),
            F.col("userMetadata").alias("oldest_kept"),
        )
        return self._table(table).history(limit).select(*columns).orderBy(F.desc("version")).collect()

    def _last(self, table: Table) -> Commit:
        return next(_commit(entry) for entry in self._entries(table, 10) if entry.operation not in _NO_CHANGE)


def _retention_hours(age: timedelta) -> int:
    """The age in whole hours, upwards: Delta itself rounds half an hour down to "keep nothing".

    The minute is for the time that passes between our reading of the clock and Delta's own.
    """
    return math.ceil((age + timedelta(minutes=1)) / timedelta(hours=1))


def _time(entry: Row) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=entry.micros)


def _commit(entry: Row) -> Commit:
    return Commit(str(entry.version), _time(entry), entry.operation.lower())
