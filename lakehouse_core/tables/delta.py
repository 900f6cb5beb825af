"""Delta 3.3.2 behind the TableFormat Protocol: one driver writes a table at a time, versions are the commits.

Row tracking gives each row the version that wrote it last (``_metadata.row_commit_version``), through rewrites of the
files around it: the same that Hudi's ``_hoodie_commit_time`` gives, without a second copy of every change.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from lakehouse_core.errors import MergeOnReadLacking
from lakehouse_core.ports import Commit, Table
from lakehouse_core.tables import frames

if TYPE_CHECKING:
    from delta.tables import DeltaTable

_PROPERTIES = {
    "delta.enableRowTracking": "true",
    "delta.columnMapping.mode": "none",
    # Other readers (DuckDB, delta-rs) need no more than the first reader version.
    "delta.enableDeletionVectors": "false",
}
_CLUSTERED = {"maxRecordsPerFile": "100000"}
_NO_CHANGE = ("VACUUM START", "VACUUM END", "SET TBLPROPERTIES")


class DeltaFormat:
    """Delta tables by path."""

    name = "delta"

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark

    def exists(self, table: Table) -> bool:
        """Whether the table has a completed commit."""
        return bool(self._snapshot(table).version() >= 0)

    def overwrite(self, table: Table, frame: DataFrame) -> Commit:
        """Replace the table's content and schema (create it if absent)."""
        frames.require(frame, table.key, table=table)
        _require_copy_on_write(table)
        options = _PROPERTIES
        if table.clustered:
            frame, options = frames.clustered(frame, table), options | _CLUSTERED
        writer = frames.nullable(frame).write.format("delta").mode("overwrite").option("overwriteSchema", "true")
        writer.options(**options).save(table.location)
        return self.last(table)

    def merge(self, table: Table, frame: DataFrame) -> Commit:
        """Upsert by key; the stored row stays where its ordering value is greater than the incoming one."""
        ordering = frames.ordering_of(table)
        frames.require(frame, table.key, ordering, table=table)
        _require_copy_on_write(table)
        stored = self._table(table)
        frames.require_like(frame, stored.toDF().schema, table=table)
        merge = (
            stored.alias("stored")
            .merge(
                frames.nullable(frames.one_per_key(frame, table)).alias("incoming"),
                f"stored.`{table.key}` = incoming.`{table.key}`",
            )
            .whenMatchedUpdateAll(f"stored.`{ordering}` <= incoming.`{ordering}`")
            .whenNotMatchedInsertAll()
            .withSchemaEvolution()
        )
        frames.named(table, merge.execute)
        return self.last(table)

    def patch(self, table: Table, frame: DataFrame, gone: str) -> Commit:
        """Upsert by key, and delete the keys of the rows whose column ``gone`` is true."""
        frames.require(frame, table.key, gone, table=table)
        _require_copy_on_write(table)
        stored = self._table(table)
        columns = stored.toDF().columns
        frames.require_like(frame, stored.toDF().schema, table=table)
        values = {f"`{name}`": f"incoming.`{name}`" for name in columns}
        merge = (
            stored.alias("stored")
            .merge(
                frames.nullable(frames.one_per_key(frame, table)).alias("incoming"),
                f"stored.`{table.key}` = incoming.`{table.key}`",
            )
            .whenMatchedDelete(f"incoming.`{gone}`")
            .whenMatchedUpdate(set=dict(values))
            .whenNotMatchedInsert(f"not incoming.`{gone}`", values=dict(values))
        )
        frames.named(table, merge.execute)
        return self.last(table)

    def read(self, table: Table) -> DataFrame:
        """The current rows; TableMissing if never written."""
        return self._read(table)

    def read_optimized(self, table: Table) -> DataFrame:
        """The current rows: Delta's files need no joining."""
        _require_copy_on_write(table)
        return self._read(table)

    def read_as_of(self, table: Table, commit: str) -> DataFrame:
        """The rows as they stood after that version; CommitUnknown where it is not (or no longer) there."""
        frames.known(commit, self.history(table), table)
        return self._read(table, versionAsOf=commit)

    def changes_since(self, table: Table, commit: str) -> DataFrame:
        """The current rows that were written after that version (after an overwrite: all)."""
        return self._read(table).where(F.col("_metadata.row_commit_version") > int(commit))

    def last(self, table: Table) -> Commit:
        """The newest version that changed the table; what DESCRIBE HISTORY says, without its Spark jobs."""
        log, version = self._log(table), self._snapshot(table).version()
        if version < 0:
            raise frames.missing(table)
        while True:
            path = self._delta.util.FileNames.unsafeDeltaFile(log.logPath(), version)
            conf = log.newDeltaHadoopConf()
            operation = self._delta.DeltaHistoryManager.getCommitInfoOpt(log.store(), path, conf).get().operation()
            if operation not in _NO_CHANGE:
                millis = path.getFileSystem(conf).getFileStatus(path).getModificationTime()
                return Commit(str(version), _time(millis * 1000), operation.lower())
            version -= 1

    def history(self, table: Table) -> list[Commit]:
        """The versions whose files are still there, oldest first; TableMissing if never written."""
        entries = self._entries(table)
        oldest = max((int(e.oldest_kept) for e in entries if e.operation in _NO_CHANGE and e.oldest_kept), default=0)
        return [_commit(e) for e in reversed(entries) if e.operation not in _NO_CHANGE and e.version >= oldest]

    def optimize(self, table: Table) -> Commit | None:
        """Join small files into larger ones; None if there was nothing to do."""
        before = self.last(table)
        self._table(table).optimize().executeCompaction()
        after = self.last(table)
        return None if after == before else after

    def compact(self, table: Table) -> Commit | None:
        """Nothing: Delta's files need no joining."""
        _require_copy_on_write(table)
        self._table(table)
        return None

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
            # The vacuum lists the table's one folder in as many tasks as this says, and the default is 10,000 (75 s).
            "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
        }
        for key, value in values.items():
            self._spark.conf.set(key, value)
        try:
            self._table(table).vacuum(hours)
        finally:
            for key in values:
                self._spark.conf.unset(key)

    def drop(self, table: Table) -> None:
        """Remove every file of the table, its log among them, and what Spark remembers of it."""
        path = frames.remove(self._spark, table)
        self._delta.DeltaLog.invalidateCache(self._spark._jsparkSession, path)  # noqa: SLF001

    def _table(self, table: Table) -> "DeltaTable":
        if not self.exists(table):
            raise frames.missing(table)
        # Here, so that a lake of the other format needs no Delta: AWS Glue has it only where a job asks for it.
        from delta.tables import DeltaTable  # noqa: PLC0415

        return DeltaTable.forPath(self._spark, table.location)

    def _read(self, table: Table, **options: str) -> DataFrame:
        if not self.exists(table):
            raise frames.missing(table)
        return self._spark.read.format("delta").options(**options).load(table.location)

    def _entries(self, table: Table) -> list[Row]:
        """The log's entries, newest first; the time as a number, since rows would carry it in this process's zone."""
        columns = (
            F.col("version"),
            F.unix_micros("timestamp").alias("micros"),
            F.col("operation"),
            F.col("userMetadata").alias("oldest_kept"),
        )
        return self._table(table).history().select(*columns).orderBy(F.desc("version")).collect()

    @property
    def _delta(self) -> Any:
        """Delta's Java packages: its Python API has no word for a table's last version."""
        jvm: Any = self._spark._jvm  # noqa: SLF001
        return jvm.org.apache.spark.sql.delta

    def _log(self, table: Table) -> Any:
        return self._delta.DeltaLog.forTable(self._spark._jsparkSession, table.location)  # noqa: SLF001

    def _snapshot(self, table: Table) -> Any:
        """The table's log as it stands now; version -1 where there is none."""
        jvm: Any = self._spark._jvm  # noqa: SLF001
        nothing = jvm.scala.Option.empty()
        return self._log(table).update(False, nothing, nothing)  # noqa: FBT003


def _require_copy_on_write(table: Table) -> None:
    if table.merge_on_read:
        raise MergeOnReadLacking(
            f"table {table.name} is declared merge-on-read, which Delta tables are not",
            hint="store it as Hudi, or leave merge_on_read out",
        )


def _retention_hours(age: timedelta) -> int:
    """The age in whole hours, upwards: Delta itself rounds half an hour down to "keep nothing".

    The minute is for the time that passes between our reading of the clock and Delta's own.
    """
    return math.ceil((age + timedelta(minutes=1)) / timedelta(hours=1))


def _time(micros: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)


def _commit(entry: Row) -> Commit:
    return Commit(str(entry.version), _time(entry.micros), entry.operation.lower())
