"""The bronze files of a run: checked against their manifests, then read as text."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse_core.bronze import Bronze, dms
from lakehouse_core.contracts import Contract
from lakehouse_core.contracts.envelope import FILE
from lakehouse_core.errors import ObjectMissing
from lakehouse_local.capture.manifest import FileEntry, Manifest
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


def load(lake: Lake, manifest: Manifest, contract: Contract) -> Bronze:
    """One table of a full load; a table without rows has no file."""
    name = f"{contract.schema}.{contract.table}"
    raw = _text(lake, [f for f in manifest.files if f.table == name], dms.load_schema(contract))
    return dms.load_rows(raw, contract, manifest.epoch, manifest.consistent_point)


def transactions(lake: Lake, manifests: Sequence[Manifest]) -> DataFrame:
    """The rows of all tables, as text, in the layout that keeps transactions together."""
    files = [file for manifest in manifests for file in manifest.files]
    return _text(lake, files, dms.transaction_schema(lake.blueprint.contracts.values()))


def _text(lake: Lake, files: Sequence[FileEntry], schema: StructType) -> DataFrame:
    if not files:
        empty = lake.spark.createDataFrame([], schema)
        return empty.withColumn(FILE, F.lit(None).cast("string"))
    paths = [f"s3a://{lake.bronze}/{file.key}" for file in files]
    frame = lake.spark.read.options(**dms.READ_OPTIONS).schema(schema).csv(paths)
    return frame.withColumn(FILE, F.col("_metadata.file_path"))
