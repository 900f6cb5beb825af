"""The shop's mart: how much each product category holds in stock."""

from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from lakehouse_core.blueprint import Blueprint
from lakehouse_core.gold import Mart, Measure


def stock(*, products: DataFrame, as_of: datetime) -> DataFrame:  # noqa: ARG001 - every mart gets it
    """One row per category of products."""
    return products.groupBy("category_normalized").agg(
        f.count("*").alias("products"), f.sum("stock_quantity").alias("pieces")
    )


STOCK = Mart(
    name="stock",
    grain="one row per category of products",
    key=("category_normalized",),
    inputs=("products",),
    build=stock,
    measures=(Measure("products", "products", "how many there are"), Measure("pieces", "pieces", "what is in stock")),
)


def extend(blueprint: Blueprint) -> Blueprint:
    """The lakehouse with the shop's mart."""
    return blueprint.with_mart(STOCK)
