"""customer_acquisition: how many customers each tenant won in each month.

Source: the data model. A new customer is dated by ``created_at``, a first-time buyer by the first completed order, so
the two counts of a month are about different people.
"""

from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.gold.mart import Clock, Mart, Measure
from lakehouse_core.gold.periods import month_is_complete, utc_month
from lakehouse_core.gold.revenue import completed


def build(*, customers: DataFrame, orders: DataFrame, as_of: datetime) -> DataFrame:
    """One row per tenant and UTC month in which a customer signed up or bought for the first time."""
    signed_up = customers.groupBy("tenant_id", utc_month(F.col("created_at")).alias("month")).agg(
        F.count("*").alias("new_customers"), F.lit(0).cast("bigint").alias("first_time_buyers")
    )
    bought = (
        completed(orders)
        .groupBy("tenant_id", "customer_id")
        .agg(F.min("order_date").alias("first_order_at"))
        .groupBy("tenant_id", utc_month(F.col("first_order_at")).alias("month"))
        .agg(F.lit(0).cast("bigint").alias("new_customers"), F.count("*").alias("first_time_buyers"))
    )
    return (
        signed_up.unionByName(bought)
        .groupBy("tenant_id", "month")
        .agg(F.sum("new_customers").alias("new_customers"), F.sum("first_time_buyers").alias("first_time_buyers"))
        .withColumn("is_complete", month_is_complete(F.col("month"), as_of))
    )


MART = Mart(
    name="customer_acquisition",
    grain="one row per tenant and month with a new customer or a first-time buyer",
    key=("tenant_id", "month"),
    inputs=("customers", "orders"),
    build=build,
    clock=Clock.MONTH,
    measures=(
        Measure("new_customers", "customers", "customers created in the month"),
        Measure("first_time_buyers", "customers", "customers whose first completed order is in the month"),
        Measure("is_complete", "flag", "whether the month is over at as_of"),
    ),
)
