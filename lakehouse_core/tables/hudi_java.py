"""Hudi's own Java client, for what its Spark data source lacks: timeline, schema, cleaning, compaction."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from lakehouse_core.ports import Commit, Table
from lakehouse_core.tables import frames


class HudiJava:
    """What is asked of Hudi's classes in Spark's JVM: pyspark has no public way to a data source's own classes."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._jvm: Any = spark._jvm  # noqa: SLF001

    @property
    def _hudi(self) -> Any:
        return self._jvm.org.apache.hudi

    def let_arrays_hold_null(self) -> None:
        """Avro's Parquet writer has by default a list layout from before arrays could hold NULL."""
        context: Any = self._spark.sparkContext
        context._jsc.hadoopConfiguration().set("parquet.avro.write-old-list-structure", "false")  # noqa: SLF001

    def timeline(self, table: Table) -> Any | None:
        """Hudi's view of the table's ``.hoodie`` folder, loaded anew; None where there is none."""
        context: Any = self._spark.sparkContext
        hadoop = context._jsc.hadoopConfiguration()  # noqa: SLF001
        if not self._has_properties(table, hadoop):
            return None
        conf = self._hudi.hadoop.fs.HadoopFSUtils.getStorageConf(hadoop)
        return self._hudi.common.table.HoodieTableMetaClient.builder().setConf(conf).setBasePath(table.location).build()

    def _has_properties(self, table: Table, hadoop: Any) -> bool:
        """Whether Hudi's description of the table is there, or its backup: without, Hudi waits five seconds for it."""
        files = self._jvm.org.apache.hadoop.fs
        return any(
            path.getFileSystem(hadoop).exists(path)
            for path in (
                files.Path(f"{table.location}/.hoodie/{name}")
                for name in ("hoodie.properties", "hoodie.properties.backup")
            )
        )

    def existing(self, table: Table) -> Any:
        """The same for a table that has a commit; TableMissing otherwise."""
        client = self.timeline(table)
        if not written(client):
            raise frames.missing(table)
        return client

    def now(self) -> str:
        """The instant that a commit would get which began now: Hudi takes it from the clock of the machine that writes."""
        return instant_of(int(self._jvm.java.lang.System.currentTimeMillis()))

    def metadata(self, client: Any, instant: Any) -> Any:
        """What a commit says of itself."""
        return self._hudi.common.table.timeline.TimelineUtils.getCommitMetadata(instant, client.getActiveTimeline())

    def commit(self, client: Any, instant: Any) -> Commit:
        """The instant as the Protocol's value."""
        return commit_of(instant, self.metadata(client, instant))

    def oldest_kept(self, client: Any) -> str:
        """The earliest instant whose files the last cleaning kept; the empty text if there was none."""
        cleaned = client.getActiveTimeline().getCleanerTimeline().filterCompletedInstants().lastInstant()
        if not cleaned.isPresent():
            return ""
        kept: str = self._hudi.common.util.CleanerUtils.getCleanerMetadata(
            client, cleaned.get()
        ).getEarliestCommitToRetain()
        return kept

    def schema(self, client: Any) -> StructType:
        """The table's columns, without Hudi's own."""
        avro = self._hudi.common.table.TableSchemaResolver(client).getTableAvroSchema(False)  # noqa: FBT003
        converted = self._hudi.AvroConversionUtils.convertAvroSchemaToStructType(avro)
        return StructType.fromJson(json.loads(converted.json()))

    @contextmanager
    def writer(self, table: Table, options: Mapping[str, str]) -> Iterator[Any]:
        """A write client with these options, closed after the block."""
        values = self._jvm.java.util.HashMap()
        for key, value in options.items():
            values.put(key, value)
        client = self._hudi.HoodieCLIUtils.createHoodieWriteClient(
            self._spark._jsparkSession,  # noqa: SLF001
            table.location,
            self._jvm.PythonUtils.toScalaMap(values),
            self._jvm.scala.Option.empty(),
        )
        try:
            yield client
        finally:
            client.close()

    def compact(self, writer: Any, client: Any, extra: Mapping[str, str]) -> bool:
        """Run a compaction that was begun before, else a new one; False if there was nothing to compact."""
        nothing = self._hudi.common.util.Option.empty()
        begun = client.getActiveTimeline().filterPendingCompactionTimeline().firstInstant()
        planned = begun.get().requestedTime() if begun.isPresent() else writer.scheduleCompaction(nothing).orElse(None)
        if planned is None:
            return False
        metadata = writer.compact(planned).getCommitMetadata().get()
        for key, value in extra.items():
            metadata.addMetadata(key, value)
        writer.commitCompaction(planned, metadata, nothing)
        return True


def instant_time(instant: str) -> datetime:
    """The UTC time that a Hudi instant (``yyyyMMddHHmmssSSS``) names.

    >>> instant_time("20260131235959250").isoformat()
    '2026-01-31T23:59:59.250000+00:00'
    """
    whole = datetime.strptime(instant[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return whole + timedelta(milliseconds=int(instant[14:] or 0))


def instant_of(milliseconds: int) -> str:
    """The Hudi instant of a moment in milliseconds since 1970 (UTC).

    >>> instant_of(1769903999250)
    '20260131235959250'
    """
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%d%H%M%S}{rest:03}"


def commit_of(instant: Any, metadata: Any) -> Commit:
    """The instant as the Protocol's value, by what the commit says of itself."""
    name = instant.requestedTime()
    return Commit(name, instant_time(name), metadata.getOperationType().toString().lower())


def completed(client: Any) -> list[Any]:
    """The completed writes on the active timeline, oldest first."""
    return list(_completed(client).getInstants())


def last(client: Any) -> Any | None:
    """The last completed write on the active timeline; None if there is none."""
    return _completed(client).lastInstant().orElse(None)


def written(client: Any | None) -> bool:
    """Whether the table has a completed write."""
    return client is not None and last(client) is not None


def newest(client: Any | None) -> str:
    """The greatest instant of the active timeline, whatever was begun there; the empty text if nothing was."""
    found = None if client is None else client.getActiveTimeline().lastInstant().orElse(None)
    return "" if found is None else str(found.requestedTime())


def _completed(client: Any) -> Any:
    return client.getActiveTimeline().getCommitsTimeline().filterCompletedInstants()
