"""customer_retention: of the customers who first bought in a month, how many bought again in each month after.

Source: the data model (cohorts by first completed order). Dense from the cohort's own month to the month of as_of:
a month in which nobody of the cohort bought is a row with zero.
"""

from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.gold.mart import Clock, Mart, Measure
from lakehouse_core.gold.numbers import rate
from lakehouse_core.gold.periods import as_of_month, month_is_complete, months, utc_month
from lakehouse_core.gold.revenue import completed


def build(*, orders: DataFrame, as_of: datetime) -> DataFrame:
    """One row per tenant, cohort month and number of months since, up to the month of as_of."""
    buyers = (
        completed(orders)
        .groupBy("tenant_id", "customer_id")
        .agg(F.collect_set(utc_month(F.col("order_date"))).alias("active_months"))
        .withColumn("cohort_month", F.array_min("active_months"))
    )
    timeline = buyers.select(
        "tenant_id",
        "cohort_month",
        "active_months",
        F.posexplode(months(F.col("cohort_month"), F.lit(as_of_month(as_of)))).alias("months_since", "month"),
    )
    return (
        timeline.groupBy("tenant_id", "cohort_month", "months_since", "month")
        .agg(
            F.count("*").alias("cohort_size"),
            F.count_if(F.array_contains("active_months", F.col("month"))).alias("active_customers"),
        )
        .select(
            *MART.key,
            "cohort_size",
            "active_customers",
            rate(F.col("active_customers"), F.col("cohort_size")).alias("retention_rate"),
            month_is_complete(F.col("month"), as_of).alias("is_complete"),
        )
    )


MART = Mart(
    name="customer_retention",
    grain="one row per tenant, cohort month and month since, up to the month of as_of",
    key=("tenant_id", "cohort_month", "months_since"),
    inputs=("orders",),
    build=build,
    clock=Clock.MONTH,
    measures=(
        Measure("cohort_size", "customers", "customers whose first completed order is in the cohort month"),
        Measure("active_customers", "customers", "those of them with a completed order in the month"),
        Measure("retention_rate", "fraction", "active_customers / cohort_size"),
        Measure("is_complete", "flag", "whether the month looked at is over at as_of"),
    ),
)
