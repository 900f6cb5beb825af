"""What the silver tests share: frames made from a contract and a few values, under ANSI and without."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructField, StructType

from lakehouse_core.contracts import Contract

Rows = Callable[[Contract, Sequence[Mapping[str, Any]]], DataFrame]


@pytest.fixture(params=["true", "false"], ids=["ansi", "not ansi"])
def ansi(spark: SparkSession, request: pytest.FixtureRequest) -> Iterator[None]:
    """Runs the test under both of Spark's ideas of SQL."""
    before = spark.conf.get("spark.sql.ansi.enabled", "false")
    spark.conf.set("spark.sql.ansi.enabled", request.param)
    yield
    spark.conf.set("spark.sql.ansi.enabled", str(before))


@pytest.fixture
def rows(spark: SparkSession) -> Rows:
    """Makes an entity's frame: given values, NULL elsewhere, ids from 1 where none is given."""

    def make(contract: Contract, given: Sequence[Mapping[str, Any]]) -> DataFrame:
        schema = StructType([StructField(field.name, field.dataType) for field in contract.spark_schema.fields])
        values = [{"id": place, **row} for place, row in enumerate(given, start=1)]
        return spark.createDataFrame([[row.get(name) for name in contract.column_names] for row in values], schema)

    return make
