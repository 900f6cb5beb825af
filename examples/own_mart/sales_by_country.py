"""A mart of your own: what customers of each country bought."""

from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from lakehouse_core.blueprint import Blueprint
from lakehouse_core.gold import Mart, Measure


def build(*, orders: DataFrame, customers: DataFrame, as_of: datetime) -> DataFrame:  # noqa: ARG001 - every mart gets it
    """One row per country and order currency with a completed order; an unknown customer's country is NULL."""
    homes = customers.select(f.col("id").alias("customer_id"), "country")
    completed = orders.where("status = 'completed'").join(homes, "customer_id", how="left")
    return completed.groupBy("country", "currency").agg(
        f.count("*").alias("order_count"), f.sum("total_amount").cast("decimal(38,2)").alias("revenue")
    )


MART = Mart(
    name="sales_by_country",
    grain="one row per country of customers and order currency with a completed order",
    key=("country", "currency"),
    inputs=("orders", "customers"),
    build=build,
    measures=(
        Measure("order_count", "orders", "completed orders"),
        Measure("revenue", "money of the currency", "their total_amount"),
    ),
)


def extend(blueprint: Blueprint) -> Blueprint:
    """The lakehouse with one more mart."""
    return blueprint.with_mart(MART)
