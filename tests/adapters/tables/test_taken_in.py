"""Taking batches into tables of both formats leaves nothing behind in Spark."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse_core import intake
from lakehouse_core.blueprint import STANDARD
from lakehouse_core.bronze import debezium
from lakehouse_core.contracts import CONTRACTS
from lakehouse_core.contracts.envelope import FILE
from lakehouse_core.tables import FORMATS, format_named
from lakehouse_local.simulate import simulate

EVENT = CONTRACTS["event"]


@pytest.mark.parametrize("table_format", FORMATS)
def test_no_frame_stays_persisted(spark: SparkSession, tmp_path: Path, table_format: str) -> None:
    """Events are looked at more than once; what was kept for that must go, or each later merge plans it anew."""
    spark.catalog.clearCache()  # what other tests have left
    (body,) = simulate([EVENT], transactions=40, seed=7).objects().values()
    lines = gzip.decompress(body).decode().split("\n")[:-1]
    where = intake.place(EVENT, "silver", tmp_path.as_uri())
    for run, part in enumerate((lines[: len(lines) // 2], lines[len(lines) // 2 :]), 1):
        file = tmp_path / f"{run}.json"
        file.write_text("".join(f"{line}\n" for line in part))
        raw = spark.read.options(**debezium.READ_OPTIONS).text(str(file)).withColumn(FILE, F.col("_metadata.file_path"))
        batch = intake.Batch(debezium.rows(raw, EVENT, 1), run, None)
        taken = intake.take(STANDARD, EVENT, where, batch, format_named(table_format, spark))
        assert taken.counts.upserts
        assert _cached(spark).isEmpty()


def _cached(spark: SparkSession) -> Any:
    session: Any = spark._jsparkSession
    return session.sharedState().cacheManager()
