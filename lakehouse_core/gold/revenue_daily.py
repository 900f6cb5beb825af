"""revenue_daily: what each tenant earned on each day.

Source: the POC's revenue (completed orders) by day; definitions in :mod:`lakehouse_core.gold.revenue`.
"""

from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.gold.mart import Clock, Mart, Measure
from lakehouse_core.gold.periods import day_is_complete, utc_date
from lakehouse_core.gold.revenue import COLUMNS, MEASURES, by_period, completed
from lakehouse_core.gold.slices import Changed, Frames, Slices, within


def build(*, orders: DataFrame, as_of: datetime) -> DataFrame:
    """One row per tenant, UTC date of order_date and order currency that has a completed order."""
    return by_period(orders, "revenue_date", utc_date(F.col("order_date"))).select(
        *MART.key,
        *(measure.column for measure in MEASURES),
        day_is_complete(F.col("revenue_date"), as_of).alias("is_complete"),
    )


def _touched(orders: Changed, _: Frames) -> DataFrame:
    """The days on which changed orders count or counted."""
    return completed(orders.both).select("tenant_id", utc_date(F.col("order_date")).alias("revenue_date"))


def _needed(inputs: Frames, slices: DataFrame) -> Frames:
    """The orders of those days."""
    day = utc_date(F.col("order_date"))
    return {"orders": within(inputs["orders"].select(*COLUMNS), slices, "tenant_id", revenue_date=day)}


MART = Mart(
    name="revenue_daily",
    grain="one row per tenant, date and currency with a completed order",
    key=("tenant_id", "revenue_date", "currency"),
    inputs=("orders",),
    build=build,
    clock=Clock.DAY,
    slices=Slices(("tenant_id", "revenue_date"), {"orders": _touched}, _needed),
    measures=(*MEASURES, Measure("is_complete", "flag", "whether the day is over at as_of")),
)
