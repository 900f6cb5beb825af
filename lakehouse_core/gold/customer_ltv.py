"""customer_ltv: what each customer has brought in, and what a subscriber is expected to bring.

Source: the data model; the prediction is ChartMogul's lifetime value (revenue per month divided by the customer churn
rate) with orders counted beside subscriptions. ``ltv`` is revenue to date: no forecast is mixed into it.

The prediction is in the tenant's currency, in which subscriptions and invoices are; a customer who ever had recurring
revenue therefore has a row in that currency, with or without orders in it. "Months" are the whole months elapsed since
the first payment in that currency (a completed order or a paid invoice), at least one.
"""

from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse_core.gold import subscription_monthly
from lakehouse_core.gold.mart import Mart, Measure
from lakehouse_core.gold.numbers import MONEY, RATE, average, money, nonzero
from lakehouse_core.gold.periods import as_of_instant, as_of_month, midnight, utc_month
from lakehouse_core.gold.revenue import completed


def build(
    *,
    customers: DataFrame,
    orders: DataFrame,
    invoices: DataFrame,
    subscription_version: DataFrame,
    tenants: DataFrame,
    as_of: datetime,
) -> DataFrame:
    """One row per customer and currency of completed orders; one in the tenant's currency if there is none."""
    people = _people(customers, tenants, subscription_monthly.paying_spans(subscription_version, as_of))
    mrr = subscription_monthly.build(subscription_version=subscription_version, tenants=tenants, as_of=as_of)
    paid = invoices.groupBy("customer_id").agg(
        F.sum("amount_paid").alias("paid"), F.min(F.when(F.col("amount_paid") > 0, F.col("paid_at"))).alias("paid_at")
    )
    months = F.greatest(
        F.lit(1), _months_between(F.least("first_order_at", "paid_at"), as_of_instant(as_of)).cast("int")
    )
    in_home_currency = F.col("has_subscribed") & F.col("currency").eqNullSafe(F.col("home_currency"))
    return (
        people.join(_purchases(orders, people), on="customer_id", how="left")
        .withColumn("currency", F.when(F.col("orders").isNull(), F.col("home_currency")).otherwise(F.col("currency")))
        .join(paid, on="customer_id", how="left")
        .join(F.broadcast(_recent_churn(mrr, as_of)), on="tenant_id", how="left")
        .select(
            *MART.key,
            F.coalesce("orders", F.lit(0)).alias("orders"),
            money(F.col("revenue")).alias("revenue"),
            "first_order_at",
            "last_order_at",
            average(F.col("revenue"), F.col("orders")).alias("average_order_value"),
            F.floor((F.unix_micros(as_of_instant(as_of)) - F.unix_micros("created_at")) / F.lit(86_400_000_000)).alias(
                "tenure_days"
            ),
            money(F.col("revenue")).alias("ltv"),
            F.when(in_home_currency, _predicted(money(F.col("revenue")) + money(F.col("paid")), months)).alias(
                "predicted_ltv"
            ),
        )
    )


def _people(customers: DataFrame, tenants: DataFrame, paying: DataFrame) -> DataFrame:
    """One row per customer: the tenant's currency and whether the customer ever had recurring revenue."""
    home = tenants.select(F.col("id").alias("tenant_id"), F.col("currency").alias("home_currency"))
    subscribed = paying.select("customer_id").distinct().withColumn("has_subscribed", F.lit(col=True))
    return (
        customers.select("tenant_id", F.col("id").alias("customer_id"), "created_at")
        .join(F.broadcast(home), on="tenant_id", how="left")
        .join(subscribed, on="customer_id", how="left")
    )


def _purchases(orders: DataFrame, people: DataFrame) -> DataFrame:
    """One row per customer and currency: completed orders, and a zero in the tenant's currency for subscribers."""
    bought = completed(orders).select("customer_id", "currency", "total_amount", "order_date")
    subscribers = people.where("has_subscribed").select(
        "customer_id",
        F.col("home_currency").alias("currency"),
        F.lit(0).cast(MONEY).alias("total_amount"),
        F.lit(None).cast("timestamp").alias("order_date"),
    )
    return (
        bought.unionByName(subscribers)
        .groupBy("customer_id", "currency")
        .agg(
            F.count("order_date").alias("orders"),
            F.sum("total_amount").alias("revenue"),
            F.min("order_date").alias("first_order_at"),
            F.max("order_date").alias("last_order_at"),
        )
    )


def _recent_churn(mrr: DataFrame, as_of: datetime) -> DataFrame:
    """One row per tenant: sum and number of the customer churn rates of the last three complete months."""
    this_month = F.lit(as_of_month(as_of))
    recent = (F.col("month") >= F.add_months(this_month, -3)) & (F.col("month") < this_month)
    return (
        mrr.where(recent)
        .groupBy("tenant_id")
        .agg(
            F.sum("customer_churn_rate").cast(RATE).alias("churn_sum"),
            F.count("customer_churn_rate").cast("int").alias("churn_months"),
        )
    )


def _predicted(received: Column, months: Column) -> Column:
    """Money received per month divided by the mean churn rate, as one division."""
    divisor = nonzero(months.cast("decimal(6,0)") * F.col("churn_sum"))
    return F.round(received * F.col("churn_months").cast("decimal(2,0)") / divisor, 2).cast(MONEY)


def _months_between(start: Column, end: Column) -> Column:
    """Whole UTC months from start to end: the difference of the months, less one if the last is not full."""
    first, last = utc_month(start), utc_month(end)
    calendar = (F.year(last) - F.year(first)) * 12 + F.month(last) - F.month(first)
    started = F.unix_micros(start) - F.unix_micros(midnight(first))
    reached = F.unix_micros(end) - F.unix_micros(midnight(last))
    return calendar - F.when(reached < started, 1).otherwise(0)


MART = Mart(
    name="customer_ltv",
    grain=(
        "one row per customer and currency of completed orders; "
        "in the tenant's currency also for subscribers and for customers without orders"
    ),
    key=("tenant_id", "customer_id", "currency"),
    inputs=("customers", "orders", "invoices", "subscription_version", "tenants"),
    build=build,
    measures=(
        Measure("orders", "orders", "completed orders"),
        Measure("revenue", "money", "sum of their total_amount"),
        Measure("first_order_at", "instant", "the first completed order"),
        Measure("last_order_at", "instant", "the last completed order"),
        Measure("average_order_value", "money", "revenue / orders, half-up to the cent"),
        Measure("tenure_days", "days", "whole days from created_at to as_of"),
        Measure("ltv", "money", "revenue to date"),
        Measure(
            "predicted_ltv",
            "money",
            "(revenue + invoices' amount_paid) / months since the first payment / mean customer_churn_rate of the "
            "tenant's last three complete months; NULL for customers who never had MRR and without churn",
        ),
    ),
)
