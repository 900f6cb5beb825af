"""The bronze files of a run: checked against their manifests, then read as text."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from lakehouse_core.bronze import Bronze, debezium, dms
from lakehouse_core.contracts import Contract
from lakehouse_core.contracts.envelope import FILE
from lakehouse_core.errors import ObjectMissing
from lakehouse_local.capture.debezium import DebeziumWire
from lakehouse_local.capture.manifest import FileEntry, Manifest
from lakehouse_local.capture.settings import PER_TABLE
from lakehouse_local.errors import BronzeFileAltered, BronzeFileMissing
from lakehouse_local.lake.lake import Lake

# A reload alone would not do: the changes in the file are part of the history, and the chain would have a hole.
_BACK = "put the object back as it was (lakehouse up restores the last export); until then nothing more is taken in"
_SIDE_BY_SIDE = 4


def check(lake: Lake, manifests: Sequence[Manifest]) -> None:
    """Every listed file is there with the listed bytes, or nothing of the run is read.

    Spark itself reads a file of 0 bytes as no rows, and a cut one as far as it goes.
    """

    def look(entry: FileEntry) -> None:
        place = f"s3://{lake.bronze}/{entry.key}"
        try:
            body = lake.storage.get(lake.bronze, entry.key)
        except ObjectMissing:
            raise BronzeFileMissing(f"{place} is listed in a manifest and is not there", hint=_BACK) from None
        if len(body) != entry.bytes or hashlib.sha256(body).hexdigest() != entry.sha256:
            raise BronzeFileAltered(
                f"{place} is not what its manifest lists ({len(body):,} bytes for {entry.bytes:,})", hint=_BACK
            )

    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        list(pool.map(look, (entry for manifest in manifests for entry in manifest.files)))


Reader = Callable[[Contract], Bronze]
"""What a run's files mean for one table."""


@contextmanager
def reading(lake: Lake, manifests: Sequence[Manifest]) -> Iterator[Reader]:
    """The reader of the manifests' files: all of one epoch, one kind and one wire, each table of one shape."""
    first = manifests[0]
    files = [file for manifest in manifests for file in manifest.files]
    shapes = {name: entry.columns for manifest in manifests for name, entry in manifest.tables.items()}
    columns = {each.entity: shapes.get(f"{each.schema}.{each.table}", ()) for each in lake.blueprint.contracts.values()}
    if first.wire == DebeziumWire.name:
        yield lambda contract: debezium.rows(_events(lake, _of(files, contract)), contract, first.epoch)
    elif first.layout == PER_TABLE.layout:
        yield lambda contract: _table_rows(lake, first, _of(files, contract), contract, columns[contract.entity])
    elif first.kind == "load":
        yield lambda contract: dms.load_rows(
            _cells(lake, _of(files, contract), dms.load_schema(contract, columns[contract.entity])),
            contract,
            first.epoch,
            first.consistent_point,
            columns[contract.entity],
        )
    else:
        # The rows of all tables stand together: they are read once.
        widest = max(map(len, columns.values()))
        schema = dms.transaction_schema(lake.blueprint.contracts.values(), widest)
        raw = _cells(lake, files, schema).persist(StorageLevel.MEMORY_AND_DISK)
        try:
            yield lambda contract: dms.transaction_rows(raw, contract, first.epoch, columns[contract.entity])
        finally:
            raw.unpersist()


def _of(files: Sequence[FileEntry], contract: Contract) -> list[FileEntry]:
    """A table's own files; one without rows has none."""
    return [file for file in files if file.table == f"{contract.schema}.{contract.table}"]


def _table_rows(
    lake: Lake, manifest: Manifest, files: Sequence[FileEntry], contract: Contract, columns: Sequence[str]
) -> Bronze:
    """A table's own files, which have a header."""
    schema = dms.table_schema(contract, PER_TABLE.TimestampColumnName, columns)
    raw = _cells(lake, files, schema, dms.HEADER_READ_OPTIONS)
    if manifest.kind == "load":
        return dms.load_rows(raw, contract, manifest.epoch, manifest.consistent_point, columns)
    return dms.table_rows(raw, contract, manifest.epoch, columns)


def _cells(
    lake: Lake, files: Sequence[FileEntry], schema: StructType, options: Mapping[str, str] = dms.READ_OPTIONS
) -> DataFrame:
    return _read(lake, files, schema, lake.spark.read.options(**options).schema(schema).csv)


def _events(lake: Lake, files: Sequence[FileEntry]) -> DataFrame:
    schema = StructType([StructField(debezium.LINE, StringType())])
    return _read(lake, files, schema, lake.spark.read.options(**debezium.READ_OPTIONS).text)


def _read(
    lake: Lake, files: Sequence[FileEntry], schema: StructType, read: Callable[[list[str]], DataFrame]
) -> DataFrame:
    if not files:
        empty = lake.spark.createDataFrame([], schema)
        return empty.withColumn(FILE, F.lit(None).cast("string"))
    frame = read([f"s3a://{lake.bronze}/{file.key}" for file in files])
    return frame.withColumn(FILE, F.col("_metadata.file_path"))
