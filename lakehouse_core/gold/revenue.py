"""Revenue's definitions, for the daily and the monthly mart.

Source: the POC (completed orders, sum of ``total_amount``, count, average) and the data model's revenue rows.
Revenue belongs to the order's own date: an order that is refunded later leaves that date, it does not burden another.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse_core.gold.mart import Measure
from lakehouse_core.gold.numbers import average, money

MEASURES = (
    Measure("order_count", "orders", "completed orders"),
    Measure("customer_count", "customers", "different customers with a completed order in the period"),
    Measure("gross_revenue", "money", "sum of total_amount"),
    Measure("net_revenue", "money", "sum of taxable_amount: after discount, before tax and shipping"),
    Measure("discount_amount", "money", "discounts given"),
    Measure("tax_amount", "money", "tax"),
    Measure("shipping_amount", "money", "shipping"),
    Measure("average_order_value", "money", "gross_revenue / order_count, half-up to the cent"),
)

COLUMNS = (
    *("tenant_id", "customer_id", "status", "currency", "order_date", "total_amount", "taxable_amount"),
    *("discount_amount", "tax_amount", "shipping_amount"),
)
"""What of an order they are made of."""


def completed(orders: DataFrame) -> DataFrame:
    """The orders that count as revenue."""
    return orders.where(F.col("status") == "completed")


def by_period(orders: DataFrame, name: str, period: Column) -> DataFrame:
    """One row per tenant, period and currency: the period under ``name``, then the columns of MEASURES."""
    return (
        completed(orders)
        .groupBy("tenant_id", period.alias(name), "currency")
        .agg(
            F.count("*").alias("order_count"),
            F.count_distinct("customer_id").alias("customer_count"),
            money(F.sum("total_amount")).alias("gross_revenue"),
            money(F.sum("taxable_amount")).alias("net_revenue"),
            *(money(F.sum(part)).alias(part) for part in ("discount_amount", "tax_amount", "shipping_amount")),
        )
        .withColumn("average_order_value", average(F.col("gross_revenue"), F.col("order_count")))
    )
