"""subscription_monthly: monthly recurring revenue and how it moved.

Source: ChartMogul's MRR movements (new business, expansion, contraction, churn, reactivation; gross and net MRR churn
rate; customer churn rate), Stripe's subscription fields (trial end, cancellation request and end), the data model.

A version's MRR at t is its ``mrr_amount`` while max(started_at, trial_end_at) <= t < ended_at, and only while that
version held (:mod:`lakehouse_core.gold.versions`). An amount that cannot be billed (not above zero) is no recurring
revenue. Movements are per customer, between the month's first instant (open) and the next month's (close), or as_of.
Currency is the tenant's.
"""

from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse_core.contracts.measures import MRR_AMOUNT
from lakehouse_core.gold.mart import Mart, Measure
from lakehouse_core.gold.numbers import average, money, rate
from lakehouse_core.gold.periods import as_of_instant, as_of_month, midnight, month_is_complete, months, utc_month
from lakehouse_core.gold.versions import VALID_FROM, VALID_TO, spans

_MOVEMENTS = ("new_mrr", "expansion_mrr", "contraction_mrr", "churned_mrr", "reactivation_mrr")


def paying_spans(subscription_version: DataFrame, as_of: datetime) -> DataFrame:
    """One row per stretch of recurring revenue that began by as_of.

    Columns: tenant_id, customer_id, subscription_id, plan, mrr_amount (> 0), pays_from, pays_to (exclusive; NULL: still).
    """
    # greatest and least pass over NULL: no trial, no end, no version before or after.
    return (
        spans(subscription_version)
        .select(
            "tenant_id",
            "customer_id",
            F.col("id").alias("subscription_id"),
            "plan",
            F.expr(MRR_AMOUNT).alias("mrr_amount"),
            F.greatest("started_at", "trial_end_at", VALID_FROM).alias("pays_from"),
            F.least("ended_at", VALID_TO).alias("pays_to"),
        )
        .where(F.col("mrr_amount") > 0)
        .where(F.col("pays_to").isNull() | (F.col("pays_from") < F.col("pays_to")))
        .where(F.col("pays_from") <= as_of_instant(as_of))
    )


def build(*, subscription_version: DataFrame, tenants: DataFrame, as_of: datetime) -> DataFrame:
    """One row per tenant and UTC month from its first recurring revenue to as_of, months without any included."""
    by_month = (
        _customer_months(paying_spans(subscription_version, as_of), as_of)
        .groupBy("tenant_id", "month")
        .agg(
            *(money(F.sum(amount)).alias(amount) for amount in ("opening_mrr", *_MOVEMENTS, "closing_mrr")),
            F.count_if(F.col("opening_mrr") > 0).alias("opening_subscribers"),
            F.count_if(F.col("closing_mrr") > 0).alias("active_subscribers"),
            F.count_if(F.col("churned_mrr") < 0).alias("churned_subscribers"),
        )
    )
    lost = F.col("churned_mrr") + F.col("contraction_mrr")
    opening = F.col("opening_mrr")
    return by_month.join(
        F.broadcast(tenants.select(F.col("id").alias("tenant_id"), "currency")), on="tenant_id", how="left"
    ).select(
        *MART.key,
        "opening_mrr",
        *_MOVEMENTS,
        "closing_mrr",
        "opening_subscribers",
        "active_subscribers",
        "churned_subscribers",
        average(F.col("closing_mrr"), F.col("active_subscribers")).alias("arpu"),
        rate(F.col("churned_subscribers"), F.col("opening_subscribers")).alias("customer_churn_rate"),
        rate(-lost, opening).alias("gross_mrr_churn_rate"),
        rate(-(lost + F.col("expansion_mrr")), opening).alias("net_mrr_churn_rate"),
        month_is_complete(F.col("month"), as_of).alias("is_complete"),
    )


def in_months(paying: DataFrame, as_of: datetime) -> DataFrame:
    """The stretches once for each month from the one that each comes in to as_of: adds ``first_month`` and ``month``.

    What begins at a month's first instant is in its opening, so it is the month before that it comes in. Every month up
    to as_of: a customer who left counts as zero from then on.
    """
    just_before = F.timestamp_micros(F.unix_micros("pays_from") - 1)
    return paying.withColumn("first_month", utc_month(just_before)).withColumn(
        "month", F.explode(months(F.col("first_month"), F.lit(as_of_month(as_of))))
    )


def month_close(as_of: datetime) -> Column:
    """The instant at which ``month`` closes: the next one's first, or as_of."""
    return F.least(midnight(F.add_months("month", 1)), as_of_instant(as_of))


def _customer_months(paying: DataFrame, as_of: datetime) -> DataFrame:
    """One row per customer and month from its first recurring revenue to as_of: open, close, the movement by kind."""
    touched = in_months(paying, as_of)
    per_customer = touched.groupBy("tenant_id", "customer_id", "month").agg(
        money(F.sum(F.when(pays_at(midnight(F.col("month"))), F.col("mrr_amount")))).alias("opening_mrr"),
        money(F.sum(F.when(pays_at(month_close(as_of)), F.col("mrr_amount")))).alias("closing_mrr"),
        F.min("first_month").alias("first_month"),
    )
    opening, closing = F.col("opening_mrr"), F.col("closing_mrr")
    change = closing - opening
    starts = (opening == 0) & (closing > 0)
    stays = (opening > 0) & (closing > 0)
    kinds = {
        "new_mrr": starts & (F.col("first_month") == F.col("month")),
        "reactivation_mrr": starts & (F.col("first_month") < F.col("month")),
        "expansion_mrr": stays & (change > 0),
        "contraction_mrr": stays & (change < 0),
        "churned_mrr": (opening > 0) & (closing == 0),
    }
    return per_customer.select("*", *(F.when(kind, change).alias(name) for name, kind in kinds.items()))


def pays_at(instant: Column) -> Column:
    """Whether a stretch holds at the instant."""
    return (F.col("pays_from") <= instant) & (F.col("pays_to").isNull() | (instant < F.col("pays_to")))


MART = Mart(
    name="subscription_monthly",
    grain="one row per tenant and month from its first recurring revenue to as_of, in the tenant's currency",
    key=("tenant_id", "month", "currency"),
    inputs=("subscription_version", "tenants"),
    build=build,
    measures=(
        Measure("opening_mrr", "money per month", "MRR at the month's first instant"),
        Measure("new_mrr", "money per month", "MRR of customers who pay for the first time"),
        Measure("expansion_mrr", "money per month", "what customers pay more than at open"),
        Measure("contraction_mrr", "money per month", "what customers pay less than at open (zero or below)"),
        Measure("churned_mrr", "money per month", "MRR of customers who stopped paying (zero or below)"),
        Measure("reactivation_mrr", "money per month", "MRR of customers who had stopped and pay again"),
        Measure(
            "closing_mrr", "money per month", "MRR at the next month's first instant or as_of; the sum of the above"
        ),
        Measure("opening_subscribers", "customers", "customers with MRR at open"),
        Measure("active_subscribers", "customers", "customers with MRR at close"),
        Measure("churned_subscribers", "customers", "customers with MRR at open and none at close"),
        Measure("arpu", "money per month", "closing_mrr / active_subscribers, half-up to the cent"),
        Measure("customer_churn_rate", "fraction", "churned_subscribers / opening_subscribers"),
        Measure("gross_mrr_churn_rate", "fraction", "-(churned + contraction) / opening"),
        Measure("net_mrr_churn_rate", "fraction", "-(churned + contraction + expansion) / opening"),
        Measure("is_complete", "flag", "whether the month is over at as_of"),
    ),
)
