"""dim_date: the calendar of every year in which something happened, in UTC."""

from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.gold.mart import Clock, Mart, Measure
from lakehouse_core.gold.periods import as_of_date, utc_date

_WEEKEND = 6


def build(
    *, orders: DataFrame, events: DataFrame, invoices: DataFrame, subscriptions: DataFrame, as_of: datetime
) -> DataFrame:
    """One row per day of each year that an order, event or invoice falls in, and from the first subscription to as_of.

    Whole years, and no others: one order that is dated to the year 1 adds a year of days and not twenty centuries.
    """
    this_year = F.lit(as_of_date(as_of).year)
    # What begins at a month's first instant counts at the close of the month before.
    began = F.year(utc_date(F.timestamp_micros(F.unix_micros(F.min("started_at")) - 1)))
    years = subscriptions.agg(F.least(began, this_year).alias("first")).select(
        F.explode(F.sequence(F.coalesce("first", this_year), this_year)).alias("year")
    )
    for frame, column in ((orders, "order_date"), (events, "occurred_at"), (invoices, "issued_at")):
        years = years.unionByName(frame.select(F.year(utc_date(F.col(column))).alias("year")).distinct())
    first = F.make_date("year", F.lit(1), F.lit(1))
    last = F.make_date("year", F.lit(12), F.lit(31))
    days = (
        years.where(F.col("year").isNotNull())
        .distinct()
        .select(F.explode(F.sequence(first, last, F.expr("interval 1 day"))).alias("calendar_date"))
    )
    day = F.col("calendar_date")
    weekday = F.weekday(day) + 1
    return days.select(
        "calendar_date",
        F.year(day).alias("year"),
        F.quarter(day).alias("quarter"),
        F.trunc(day, "month").alias("month"),
        F.weekofyear(day).alias("iso_week"),
        F.dayofmonth(day).alias("day_of_month"),
        weekday.alias("iso_weekday"),
        (weekday >= _WEEKEND).alias("is_weekend"),
    )


MART = Mart(
    name="dim_date",
    grain="one row per UTC day of each year in which something happened",
    key=("calendar_date",),
    inputs=("orders", "events", "invoices", "subscriptions"),
    build=build,
    measures=(
        Measure("year", "year", "calendar year"),
        Measure("quarter", "1 to 4", "calendar quarter"),
        Measure("month", "date", "the month's first day, as the marts name months"),
        Measure("iso_week", "1 to 53", "week of ISO 8601"),
        Measure("day_of_month", "1 to 31", "day of the month"),
        Measure("iso_weekday", "1 to 7", "day of the week of ISO 8601, Monday is 1"),
        Measure("is_weekend", "flag", "whether it is a Saturday or a Sunday"),
    ),
    clock=Clock.YEAR,
)
