"""fact_subscription_month: what each subscription was worth at each month's close.

Source: as for :mod:`lakehouse_core.gold.subscription_monthly`, whose closing_mrr is the sum of these rows.
"""

from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.gold.dimensions import CUSTOMER, TENANT
from lakehouse_core.gold.mart import Mart, Measure
from lakehouse_core.gold.numbers import MONEY
from lakehouse_core.gold.periods import month_is_complete
from lakehouse_core.gold.subscription_monthly import in_months, month_close, paying_spans, pays_at


def build(
    *,
    subscription_version: DataFrame,
    tenants: DataFrame,
    tenant_version: DataFrame,
    customer_version: DataFrame,
    as_of: datetime,
) -> DataFrame:
    """One row per subscription and UTC month with recurring revenue at the month's close (or at as_of)."""
    home = tenants.select(F.col("id").alias("tenant_id"), "currency")
    closing = (
        in_months(paying_spans(subscription_version, as_of), as_of)
        .withColumn("_close", month_close(as_of))
        .where(pays_at(F.col("_close")))
        .join(F.broadcast(home), on="tenant_id", how="left")
    )
    named = TENANT.named_by(closing, tenant_version, F.col("_close"))
    named = CUSTOMER.named_by(named, customer_version, F.col("_close"))
    return named.select(
        "subscription_id",
        "month",
        "tenant_sk",
        "customer_sk",
        "tenant_id",
        "currency",
        "plan",
        F.col("mrr_amount").cast(MONEY).alias("closing_mrr"),
        month_is_complete(F.col("month"), as_of).alias("is_complete"),
    )


MART = Mart(
    name="fact_subscription_month",
    grain="one row per subscription and month with recurring revenue at the month's close",
    key=("subscription_id", "month"),
    inputs=("subscription_version", "tenants", "tenant_version", "customer_version"),
    build=build,
    measures=(
        Measure("tenant_sk", "key", "dim_tenant's row at the close"),
        Measure("customer_sk", "key", "dim_customer's row at the close"),
        Measure("tenant_id", "key", "whose subscription"),
        Measure("currency", "text", "the tenant's currency"),
        Measure("plan", "text", "the plan at the close"),
        Measure("closing_mrr", "money per month", "MRR at the next month's first instant, or at as_of"),
        Measure("is_complete", "flag", "whether the month is over at as_of"),
    ),
)
