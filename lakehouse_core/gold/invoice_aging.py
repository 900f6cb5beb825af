"""invoice_aging: what customers owed at the end of each month and owe at as_of, by how long it is overdue.

Source: the data model; the buckets are the usual ones of receivables (current, 1-30, 31-60, 61-90, 90+ days past due).
A date means its last microsecond in UTC, as_of itself for the last date. What an invoice was then is what the version
captured by then says (before the first captured version, that version), less what happened later by its own columns:
not issued yet, it does not count; paid later, it was open and nothing of it was paid.
"""

from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.gold.mart import Mart, Measure
from lakehouse_core.gold.numbers import money
from lakehouse_core.gold.periods import as_of_date, as_of_instant, as_of_month, midnight, months, utc_month
from lakehouse_core.gold.versions import VALID_FROM, VALID_TO, holds_at, spans


def build(*, invoice_version: DataFrame, tenants: DataFrame, as_of: datetime) -> DataFrame:
    """One row per tenant, date (ends of complete months, and as_of), bucket and tenant's currency with an open invoice."""
    home = tenants.select(F.col("id").alias("tenant_id"), "currency")
    overdue = F.date_diff("as_of_date", "due_date")
    bucket = (
        F.when(overdue <= 0, "current")
        .when(overdue <= 30, "1-30")
        .when(overdue <= 60, "31-60")
        .when(overdue <= 90, "61-90")
        .otherwise("90+")
    )
    return (
        _open_at_dates(invoice_version, as_of)
        .groupBy("tenant_id", "as_of_date", bucket.alias("aging_bucket"))
        .agg(F.count("*").alias("invoices"), money(F.sum("balance")).alias("balance"))
        .join(F.broadcast(home), on="tenant_id", how="left")
        .select(*MART.key, "invoices", "balance", (F.col("as_of_date") < F.lit(as_of_date(as_of))).alias("is_complete"))
    )


def _open_at_dates(invoice_version: DataFrame, as_of: datetime) -> DataFrame:
    """One row per invoice and date at which it was open or uncollectible: its version then, and its balance."""
    this_month = F.lit(as_of_month(as_of))
    month_ends = F.transform(
        months(utc_month(F.col("issued_at")), F.add_months(this_month, -1)),
        lambda month: F.struct(
            F.last_day(month).alias("as_of_date"),
            F.timestamp_micros(F.unix_micros(midnight(F.add_months(month, 1))) - 1).alias("instant"),
        ),
    )
    today = F.array(F.struct(F.lit(as_of_date(as_of)).alias("as_of_date"), as_of_instant(as_of).alias("instant")))
    dated = spans(invoice_version).withColumn("at", F.explode(F.concat(F.coalesce(month_ends, F.array()), today)))
    instant = F.col("at.instant")
    paid_later = F.coalesce(F.col("paid_at") > instant, F.lit(col=False))
    status = F.when(paid_later & (F.col("status") == "paid"), "open").otherwise(F.col("status"))
    return (
        dated.where(holds_at(instant, since=F.col(VALID_FROM), until=F.col(VALID_TO)))
        .where(F.col("issued_at") <= instant)
        .where(status.isin("open", "uncollectible"))
        .select(
            "tenant_id",
            F.col("at.as_of_date").alias("as_of_date"),
            "due_date",
            (F.col("amount_due") - F.when(paid_later, 0).otherwise(F.col("amount_paid"))).alias("balance"),
        )
    )


MART = Mart(
    name="invoice_aging",
    grain="one row per tenant, date (ends of complete months, and as_of), aging bucket and currency with an open invoice",
    key=("tenant_id", "as_of_date", "aging_bucket", "currency"),
    inputs=("invoice_version", "tenants"),
    build=build,
    measures=(
        Measure("invoices", "invoices", "invoices open or uncollectible at the date"),
        Measure("balance", "money", "amount_due - amount_paid; payments after the date are not counted"),
        Measure("is_complete", "flag", "whether the date is over at as_of"),
    ),
)
