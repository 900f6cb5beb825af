"""Users' steps and marts are held to what they promise."""

from datetime import UTC, datetime

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_core.blueprint import STANDARD
from lakehouse_core.contracts import Column, Contract, Derived, contract
from lakehouse_core.errors import ContractBroken
from lakehouse_core.gold import Mart, Measure
from lakehouse_core.testing import assert_frames_equal

SIZE = Derived("size", "int", "the length of the name")
REVIEW = Contract(
    "shop_review", "review", "reviews", "one row per review", (Column("id", "bigint"), Column("name", "text")), (SIZE,)
)


def sized(frame: DataFrame) -> DataFrame:
    """Add ``size``."""
    return frame.withColumn("size", F.length("name"))


def unchanged(*, orders: DataFrame, as_of: datetime) -> DataFrame:
    """The orders, if the time has a zone."""
    assert as_of.tzinfo
    return orders


def test_a_table_is_cleaned(spark: SparkSession) -> None:
    """A table of a user's own is checked against its contract, and its other columns pass through."""
    clean = STANDARD.with_table(REVIEW, sized).clean["review"]
    made = clean(spark.createDataFrame([(1, "abc", "I")], "id long, name string, _op string"))
    assert_frames_equal(made, spark.createDataFrame([(1, "abc", "I", 3)], "id long, name string, _op string, size int"))
    with pytest.raises(ContractBroken, match="the frame is no review: name: expected string, got no such column"):
        clean(spark.createDataFrame([(1,)], "id long"))


def test_columns_follow_the_standard_ones(spark: SparkSession) -> None:
    """A step sees silver's own columns and its columns stand after them."""
    step = STANDARD.with_columns(
        "order", lambda frame: frame.withColumn("off", ~F.col("total_matches")), Derived("off", "boolean", "")
    )
    made = step.clean["order"](spark.createDataFrame([], contract("order").spark_schema))
    assert made.dtypes[-1] == ("off", "boolean")
    assert "total_matches" in made.columns


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        (lambda frame: frame, "size: promised int, made no such column"),
        (lambda frame: sized(frame).withColumn("size", F.lit("x")), "size: promised int, made string"),
        (lambda frame: sized(frame).drop("name"), "name: promised string, made no such column"),
        (lambda frame: sized(frame).withColumn("more", F.lit(1)), "more: promised no such column, made int"),
    ],
)
def test_a_step_keeps_its_promise(spark: SparkSession, step: object, wrong: str) -> None:
    """A step that makes other columns than it says is named."""
    clean = STANDARD.with_table(REVIEW, step).clean["review"]  # type: ignore[arg-type]
    with pytest.raises(ContractBroken) as refused:
        clean(spark.createDataFrame([], "id long, name string"))
    assert refused.value.message == f"silver's step for review does not make what it says: {wrong}"


def test_a_mart_keeps_its_promise(spark: SparkSession) -> None:
    """A mart that makes other columns than its key and measures is named."""
    mart = Mart("mine", "one row per id", ("id",), ("orders",), unchanged, (Measure("n", "rows", ""),))
    with pytest.raises(
        ContractBroken, match="mart mine does not make what it says: n: promised a column, made no such column"
    ):
        STANDARD.with_mart(mart).marts[-1].build(
            orders=spark.createDataFrame([], "id long"), as_of=datetime(2026, 1, 1, tzinfo=UTC)
        )
