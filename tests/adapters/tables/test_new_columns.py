"""A table whose columns become more, on both formats."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse_core.ports import Table, TableFormat
from lakehouse_core.testing import assert_frames_equal

pytestmark = pytest.mark.spark

OLD = "id bigint, _position string, value string"


def test_a_merge_may_bring_a_column(tables: TableFormat, spark: SparkSession, tmp_path: Path) -> None:
    """Rows that were merged since have the new column's value, the others NULL; no old value changes."""
    table = Table("order", "silver", (tmp_path / "order").as_uri(), key="id", ordering="_position")
    tables.overwrite(table, spark.createDataFrame([(1, "1", "a"), (2, "1", "b")], OLD))
    tables.merge(table, spark.createDataFrame([(2, "2", "c", 5)], f"{OLD}, more int"))
    expected = spark.createDataFrame([(1, "1", "a", None), (2, "2", "c", 5)], f"{OLD}, more int")
    assert_frames_equal(tables.read(table), expected, key=["id"])
