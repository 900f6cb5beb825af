"""revenue_monthly: what each tenant earned in each month, and how that compares with the month before.

Source: the POC's ``revenue_by_tenant``; definitions in :mod:`lakehouse_core.gold.revenue`. Growth is of gross revenue
(the POC's ``total_revenue``).
"""

from datetime import datetime

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse_core.gold.mart import Clock, Mart, Measure
from lakehouse_core.gold.numbers import rate
from lakehouse_core.gold.periods import month_is_complete, utc_month
from lakehouse_core.gold.revenue import COLUMNS, MEASURES, by_period, completed
from lakehouse_core.gold.slices import Changed, Frames, Slices, within


def build(*, orders: DataFrame, as_of: datetime) -> DataFrame:
    """One row per tenant, UTC month of order_date and order currency that has a completed order."""
    history = Window.partitionBy("tenant_id", "currency").orderBy("month")
    gross = F.col("gross_revenue")
    # The row before may be older than the month before, which then earned nothing: growth on zero is NULL.
    follows = F.lag("month").over(history) == F.add_months("month", -1)
    complete = month_is_complete(F.col("month"), as_of)
    return by_period(orders, "month", utc_month(F.col("order_date"))).select(
        *MART.key,
        *(measure.column for measure in MEASURES),
        F.when(follows & complete, rate(gross - F.lag(gross).over(history), F.lag(gross).over(history))).alias(
            "gross_revenue_growth"
        ),
        complete.alias("is_complete"),
    )


def _touched(orders: Changed, _: Frames) -> DataFrame:
    """The months in which changed orders count or counted, and the next, whose growth is on them."""
    month = utc_month(F.col("order_date"))
    return completed(orders.both).select("tenant_id", F.explode(F.array(month, F.add_months(month, 1))).alias("month"))


def _needed(inputs: Frames, slices: DataFrame) -> Frames:
    """The orders of those months and of the months before."""
    months = slices.select("tenant_id", F.explode(F.array("month", F.add_months("month", -1))).alias("month"))
    month = utc_month(F.col("order_date"))
    return {"orders": within(inputs["orders"].select(*COLUMNS), months, "tenant_id", month=month)}


MART = Mart(
    name="revenue_monthly",
    grain="one row per tenant, month and currency with a completed order",
    key=("tenant_id", "month", "currency"),
    inputs=("orders",),
    build=build,
    clock=Clock.MONTH,
    slices=Slices(("tenant_id", "month"), {"orders": _touched}, _needed),
    measures=(
        *MEASURES,
        Measure(
            "gross_revenue_growth",
            "fraction",
            "gross_revenue over that of the month before, minus one; NULL unless both months are complete",
        ),
        Measure("is_complete", "flag", "whether the month is over at as_of"),
    ),
)
