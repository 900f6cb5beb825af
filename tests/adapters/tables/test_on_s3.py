"""Both formats on S3 through S3A."""

from time import monotonic
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse_core.contracts import Naming
from lakehouse_core.ports import Table, TableFormat
from lakehouse_local.environment import S3Part
from lakehouse_local.spark.session import connect

pytestmark = pytest.mark.spark


def test_a_table_lives_in_s3(tables: TableFormat, variant: Any, spark: SparkSession, s3: S3Part) -> None:
    """Create, merge, read, travel, list and clean work on s3a:// as they do on files."""
    connect(spark, s3)
    location = f"s3a://{Naming().bucket('silver')}/order"
    table = Table("order", "silver", location, key="id", ordering="_position", merge_on_read=variant.merge_on_read)
    assert not tables.exists(table)
    load = spark.range(50).selectExpr("id", "'0001' _position", "cast(id as decimal(12,2)) amount")
    first = tables.overwrite(table, load)
    for position in ("'0002'", "'0003'"):
        later = spark.range(10, 60).selectExpr("id", f"{position} _position", "cast(1.5 as decimal(12,2)) amount")
        tables.merge(table, later)
    assert tables.read(table).count() == 60
    assert tables.changes_since(table, first.id).count() == 50
    assert tables.read_as_of(table, first.id).count() == 50
    tables.clean(table, 1)
    # Not compacted yet, all commits are one file and its logs.
    assert len(tables.history(table)) == (3 if variant.merge_on_read else 1)


def test_an_s3_that_is_gone_is_an_error_in_seconds(tables: TableFormat, spark: SparkSession, s3: S3Part) -> None:
    """Retries are bounded: no hanging for minutes as with S3A's defaults."""
    gone = S3Part("url", "a test", "", "http://127.0.0.1:9", "key", "secret")
    connect(spark, gone)
    started = monotonic()
    try:
        with pytest.raises(Exception, match=r"(?i)connect"):
            tables.exists(Table("order", "silver", f"s3a://{Naming().bucket('silver')}/order", key="id"))
    finally:
        connect(spark, s3)
    assert monotonic() - started < 60
