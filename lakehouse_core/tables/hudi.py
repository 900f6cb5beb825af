"""Hudi 1.0.2 behind the TableFormat Protocol: table version 6, bucket index, one writer per table.

What was measured, and decides the options below:

* Copy on write: records are merged as Spark rows. With Hudi's default (Avro) merger an upsert into a file that ``bulk_insert``'s row
  writer wrote turns arrays into NULL, or decimals 1.25 into 125.00, in rows that were not even touched.
* ``EVENT_TIME_ORDERING`` keeps the stored row only if its ordering value is greater; an equal one is replaced. A row
  that is kept also keeps its ``_hoodie_commit_time``.
* ``bulk_insert`` places rows in the buckets where a later upsert looks for them, if both count buckets alike. So the
  count is stored in each commit's metadata, in one atomic step with the files it describes.
* Hudi's own clustering is refused by the bucket layout, and its plan then blocks every upsert; tables are optimized
  by rewriting them whole, with as many buckets as their rows ask for.
* Merge on read: records are Avro from the first file on, so that one writer's files are all that its merger meets.
  Spark rows would have to be written as Parquet log blocks, of which Hudi's reader keeps a text ordering value in a
  buffer that the next row overwrites: of several rows in a block, all were merged by the last one's position.
"""

import math
from dataclasses import replace
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse_core.errors import ClockBehind, ContractBroken
from lakehouse_core.ports import Commit, Table
from lakehouse_core.tables import frames
from lakehouse_core.tables.hudi_java import HudiJava, commit_of, completed, instant_time, last, newest, written

META_COLUMNS = (
    "_hoodie_commit_time",
    "_hoodie_commit_seqno",
    "_hoodie_record_key",
    "_hoodie_partition_path",
    "_hoodie_file_name",
    "_hoodie_is_deleted",  # which rows a patch removes; false in all that are there
)
# A merge rewrites each bucket that it touches, and hashed keys touch all: few buckets, each a task's worth of work.
ROWS_PER_BUCKET = 200_000
_BUCKETS = "lakehouse.buckets"

_OPTIONS = {
    # Athena reads tables of 0.14 and 0.15; version 6 is theirs.
    "hoodie.write.table.version": "6",
    "hoodie.write.auto.upgrade": "false",
    "hoodie.table.timeline.timezone": "UTC",
    "hoodie.datasource.write.keygenerator.class": "org.apache.hudi.keygen.NonpartitionedKeyGenerator",
    "hoodie.datasource.write.partitionpath.field": "",
    "hoodie.write.record.merge.mode": "EVENT_TIME_ORDERING",
    "hoodie.index.type": "BUCKET",
    # A bucket is one file, so it must never roll over into a second.
    "hoodie.parquet.max.file.size": str(4 * 1024**3),
    "hoodie.parquet.writelegacyformat.enabled": "false",
    "hoodie.parquet.bloom.filter.enabled": "false",
    # Row writers make one all the same: nobody reads it, so it is the smallest that there is.
    "hoodie.bloom.index.filter.type": "SIMPLE",
    "hoodie.index.bloom.num_entries": "1",
    "hoodie.index.bloom.fpp": "0.5",
    "hoodie.parquet.compression.codec": "zstd",
    "hoodie.bulkinsert.sort.mode": "NONE",
    "hoodie.metadata.enable": "false",
    "hoodie.embed.timeline.server": "false",
    "hoodie.write.markers.type": "DIRECT",
    # Both happen in clean() alone, so that history stays readable until someone decides otherwise.
    "hoodie.clean.automatic": "false",
    "hoodie.archive.automatic": "false",
    "hoodie.datasource.hive_sync.enable": "false",
    "hoodie.datasource.write.commitmeta.key.prefix": "lakehouse.",
}
_COPY_ON_WRITE = {
    "hoodie.datasource.write.table.type": "COPY_ON_WRITE",
    "hoodie.write.record.merge.custom.implementation.classes": "org.apache.hudi.DefaultSparkRecordMerger",
}
_MERGE_ON_READ = {
    "hoodie.datasource.write.table.type": "MERGE_ON_READ",
    "hoodie.datasource.write.row.writer.enable": "false",
    # compact() alone compacts, whatever there is.
    "hoodie.compact.inline": "false",
    "hoodie.compact.inline.max.delta.commits": "1",
}
# Rows are looked for by the bounds of their files' keys; what is new goes into files that are not full yet.
_CLUSTERED = {
    "hoodie.index.type": "BLOOM",
    "hoodie.parquet.max.file.size": str(8 * 1024**2),
    "hoodie.parquet.small.file.limit": str(1024**2),
}
_LOAD = {"hoodie.datasource.write.operation": "bulk_insert"}
_COLUMNS_MAY_GO = {"hoodie.datasource.write.schema.allow.auto.evolution.column.drop": "true"}
_OVERWRITTEN = "insert_overwrite"
# Rows go from Spark into the files as they are; by records, each row is made into one first.
_OVERWRITE = _LOAD | _COLUMNS_MAY_GO | {"hoodie.bulkinsert.overwrite.operation.type": _OVERWRITTEN}
_OVERWRITE_BY_RECORDS = _COLUMNS_MAY_GO | {"hoodie.datasource.write.operation": "insert_overwrite_table"}
_UPSERT = {"hoodie.datasource.write.operation": "upsert", "hoodie.combine.before.upsert": "false"}
_DELETED = "_hoodie_is_deleted"


def buckets_for(rows: int) -> int:
    """How many buckets a table of that many rows is laid out in."""
    return max(1, math.ceil(rows / ROWS_PER_BUCKET))


class HudiFormat:
    """Hudi tables through Spark's data source; what it lacks (timeline, cleaning) through Hudi's own Java client."""

    name = "hudi"

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._java = HudiJava(spark)

    def exists(self, table: Table) -> bool:
        """Whether the table has a completed commit."""
        return written(self._java.timeline(table))

    def overwrite(self, table: Table, frame: DataFrame) -> Commit:
        """Replace the table's content (create it if absent), laid out for ``table.rows_hint`` rows."""
        frames.require(frame, table.key, table=table)
        if table.clustered:
            frame = frames.clustered(frame, table)
        client, buckets = self._java.timeline(table), buckets_for(table.rows_hint)
        if not written(client):
            return self._write(table, frame, buckets, _LOAD, client)[0]
        if not table.merge_on_read:
            done, rows = self._write(table, frame, buckets, _OVERWRITE, client)
            # It replaces the partitions that it writes into: with no rows there is none, and nothing goes.
            if rows and done.operation == _OVERWRITTEN:
                return done
        return self._write(table, frame, buckets, _OVERWRITE_BY_RECORDS, client)[0]

    def merge(self, table: Table, frame: DataFrame) -> Commit:
        """Upsert by key; the stored row stays where its ordering value is greater than the incoming one."""
        frames.require(frame, table.key, frames.ordering_of(table), table=table)
        client = self._java.existing(table)
        frames.require_like(frame, self._java.schema(client), table=table)
        return self._write(table, frames.one_per_key(frame, table), self._buckets(table, client), _UPSERT, client)[0]

    def patch(self, table: Table, frame: DataFrame, gone: str) -> Commit:
        """Upsert by key, and delete the keys of the rows whose column ``gone`` is true; Hudi keeps that column, for itself."""
        frames.require(frame, table.key, gone, table=table)
        client = self._java.existing(table)
        stored = self._java.schema(client)
        frames.require_like(frame, StructType([field for field in stored if field.name != _DELETED]), table=table)
        marked = frames.one_per_key(frame.withColumnRenamed(gone, _DELETED), table)
        return self._write(table, marked, self._buckets(table, client), _UPSERT, client)[0]

    def read(self, table: Table) -> DataFrame:
        """The current rows, without Hudi's own columns; TableMissing if never written."""
        return self._read(table).drop(*META_COLUMNS)

    def read_optimized(self, table: Table) -> DataFrame:
        """The rows as of the last compaction; of a copy-on-write table, the current ones."""
        return self._read(table, **{"hoodie.datasource.query.type": "read_optimized"}).drop(*META_COLUMNS)

    def read_as_of(self, table: Table, commit: str) -> DataFrame:
        """The rows as they stood after that commit; CommitUnknown where it is not (or no longer) there."""
        frames.known(commit, self.history(table), table)
        return self._read(table, **{"as.of.instant": commit}).drop(*META_COLUMNS)

    def changes_since(self, table: Table, commit: str) -> DataFrame:
        """The current rows that were written after that commit (after an overwrite: all).

        By each row's own commit time, which Hudi keeps when it copies a row: unlike an incremental query this needs
        no file of an older version, so a cleaned table answers too.
        """
        frame = self._read(table)
        return frame.where(frame["_hoodie_commit_time"] > commit).drop(*META_COLUMNS)

    def last(self, table: Table) -> Commit:
        """The newest completed commit; TableMissing if never written."""
        client = self._java.existing(table)
        return self._java.commit(client, last(client))

    def history(self, table: Table) -> list[Commit]:
        """The completed commits whose files are still there, oldest first; TableMissing if never written."""
        client = self._java.existing(table)
        oldest = self._java.oldest_kept(client)
        return [self._java.commit(client, each) for each in completed(client) if each.requestedTime() >= oldest]

    def optimize(self, table: Table) -> Commit | None:
        """Lay the table out anew if its rows have outgrown (or left) its buckets by a factor of two; else None."""
        frame = self.read(table)
        rows = frame.count()
        stored, wanted = self._buckets(table, self._java.existing(table)), buckets_for(rows)
        if stored / 2 < wanted < stored * 2:
            return None
        return self.overwrite(replace(table, rows_hint=rows), frame)

    def compact(self, table: Table) -> Commit | None:
        """Merge the log files of a merge-on-read table into its base files; None if there are none."""
        client = self._java.existing(table)
        if not table.merge_on_read:
            return None
        self._require_clock(table, self._java.now(), newest(client))
        buckets = self._buckets(table, client)
        self._java.let_arrays_hold_null()
        with self._java.writer(table, self._options(table, buckets)) as writer:
            if not self._java.compact(writer, client, {_BUCKETS: str(buckets)}):
                return None
        client = self._java.existing(table)
        return self._java.commit(client, last(client))

    def clean(self, table: Table, keep_commits: int) -> None:
        """Delete the file versions that only commits before the last ``keep_commits`` need."""
        if len(self.history(table)) <= keep_commits:
            return
        options = self._options(table, self._buckets(table, self._java.existing(table))) | {
            "hoodie.clean.policy": "KEEP_LATEST_COMMITS",
            "hoodie.clean.commits.retained": str(keep_commits),
            # Hudi wants these in rising order.
            "hoodie.keep.min.commits": str(keep_commits + 1),
            "hoodie.keep.max.commits": str(keep_commits + 2),
        }
        with self._java.writer(table, options) as writer:
            writer.clean()
            writer.archive()

    def drop(self, table: Table) -> None:
        """Remove every file of the table, its timeline among them."""
        frames.remove(self._spark, table)

    def _write(
        self, table: Table, frame: DataFrame, buckets: int, operation: dict[str, str], before: Any | None
    ) -> tuple[Commit, int]:
        """The commit, and how many rows it wrote."""
        self._require_clock(table, self._java.now(), newest(before))
        if table.merge_on_read:
            self._java.let_arrays_hold_null()
        options = self._options(table, buckets) | operation
        # "append" to Hudi means "as the operation says"; Spark's own overwrite would delete the folder first.
        writer = frames.nullable(frame).write.format("hudi").options(**options).mode("append")
        frames.named(table, lambda: writer.save(table.location))
        client = self._java.existing(table)
        metadata = self._java.metadata(client, instant := last(client))
        done = commit_of(instant, metadata)
        # Hidden by another commit, if the clock was set back meanwhile; the run that repeats this one writes it again.
        self._require_clock(table, done.id, newest(before))
        return done, int(metadata.fetchTotalRecordsWritten())

    def _require_clock(self, table: Table, instant: str, newest_there: str) -> None:
        """ClockBehind unless the instant comes after all that the table has: readers see the greatest one's files."""
        if instant > newest_there:
            return
        ahead = (instant_time(newest_there) - instant_time(instant)).total_seconds()
        raise ClockBehind(
            f"this machine's clock is {ahead:,.0f} s behind the newest commit of table {table.name} ({newest_there} UTC); "
            "Hudi orders commits by clock, and what is written now would be hidden",
            hint=f"set the clock, or wait {ahead + 1:,.0f} s, then again: nothing is lost",
        )

    def _options(self, table: Table, buckets: int) -> dict[str, str]:
        """Every write option of that table: the fixed ones, its names, and its layout."""
        ordering = {"hoodie.datasource.write.precombine.field": table.ordering} if table.ordering else {}
        return (
            _OPTIONS
            | (_MERGE_ON_READ if table.merge_on_read else _COPY_ON_WRITE)
            | (_CLUSTERED if table.clustered else {})
            | ordering
            | {
                "hoodie.table.name": table.name,
                "hoodie.database.name": table.database,
                "hoodie.datasource.write.recordkey.field": table.key,
                "hoodie.bucket.index.hash.field": table.key,
                "hoodie.bucket.index.num.buckets": str(buckets),
                "hoodie.bulkinsert.shuffle.parallelism": str(buckets),
                "hoodie.upsert.shuffle.parallelism": str(buckets),
                _BUCKETS: str(buckets),
            }
        )

    def _read(self, table: Table, **options: str) -> DataFrame:
        self._java.existing(table)
        return self._spark.read.format("hudi").options(**options).load(table.location)

    def _buckets(self, table: Table, client: Any) -> int:
        """The number of buckets that the last commit wrote."""
        buckets = self._java.metadata(client, last(client)).getMetadata(_BUCKETS)
        if buckets is None:
            raise ContractBroken(
                f"the last commit of table {table.name} does not say how many buckets the table has",
                hint="another program wrote it: restore the table, or overwrite it whole",
            )
        return int(buckets)
