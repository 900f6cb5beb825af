"""A column of your own in silver: what an order was charged above what its parts add up to."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from lakehouse_core.blueprint import Blueprint
from lakehouse_core.contracts import Derived


def with_overcharge(orders: DataFrame) -> DataFrame:
    """Add ``overcharge`` (money of the order): total_amount - expected_total."""
    difference = f.col("total_amount") - f.col("expected_total")
    return orders.withColumn("overcharge", difference.cast("decimal(18,2)"))


def extend(blueprint: Blueprint) -> Blueprint:
    """The lakehouse, its orders with an overcharge."""
    return blueprint.with_columns(
        "order", with_overcharge, Derived("overcharge", "decimal(18,2)", "what was charged above expected_total")
    )
