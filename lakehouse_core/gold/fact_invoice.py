"""fact_invoice: each invoice as it stands."""

from collections.abc import Callable
from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.gold.dimensions import CUSTOMER, TENANT, Dimension
from lakehouse_core.gold.mart import Clock, Mart, Measure
from lakehouse_core.gold.numbers import MONEY
from lakehouse_core.gold.periods import utc_date
from lakehouse_core.gold.slices import Changed, Frames, Slices, within


def build(
    *,
    invoices: DataFrame,
    tenants: DataFrame,
    tenant_version: DataFrame,
    customer_version: DataFrame,
    as_of: datetime,
) -> DataFrame:
    """One row per invoice, in the tenant's currency."""
    del as_of  # an invoice is a fact of its own
    home = tenants.select(F.col("id").alias("tenant_id"), "currency")
    at = F.col("issued_at")
    named = TENANT.named_by(invoices.join(F.broadcast(home), on="tenant_id", how="left"), tenant_version, at)
    named = CUSTOMER.named_by(named, customer_version, at)
    return named.select(
        F.col("id").alias("invoice_id"),
        "tenant_sk",
        "customer_sk",
        utc_date(at).alias("issue_day"),
        "tenant_id",
        "subscription_id",
        "invoice_number",
        "status",
        "currency",
        "due_date",
        utc_date(F.col("paid_at")).alias("paid_day"),
        "amount_due",
        "amount_paid",
        (F.col("amount_due") - F.col("amount_paid")).cast(MONEY).alias("balance"),
    )


def _of(dimension: Dimension) -> Callable[[Changed, Frames], DataFrame]:
    """The invoices whose tenant or customer goes by another row."""

    def touched(versions: Changed, inputs: Frames) -> DataFrame:
        return _named(dimension.renamed(inputs["invoices"], versions, F.col("issued_at")))

    return touched


def _of_tenants(tenants: Changed, inputs: Frames) -> DataFrame:
    """The invoices of tenants with another currency."""
    return _named(within(inputs["invoices"], tenants.keys_with_another("currency"), id="tenant_id"))


def _named(invoices: DataFrame) -> DataFrame:
    return invoices.select(F.col("id").alias("invoice_id"))


def _needed(inputs: Frames, slices: DataFrame) -> Frames:
    """Those invoices and the versions of their customers; tenants, which are few, whole."""
    theirs = within(inputs["invoices"], slices, invoice_id="id")
    return {"invoices": theirs, "customer_version": within(inputs["customer_version"], theirs, customer_id="id")}


SLICES = Slices(
    ("invoice_id",),
    {
        "invoices": lambda invoices, _: _named(invoices.both),
        "tenants": _of_tenants,
        "tenant_version": _of(TENANT),
        "customer_version": _of(CUSTOMER),
    },
    _needed,
)

MART = Mart(
    name="fact_invoice",
    grain="one row per invoice",
    key=("invoice_id",),
    inputs=("invoices", "tenants", "tenant_version", "customer_version"),
    build=build,
    measures=(
        Measure("tenant_sk", "key", "dim_tenant's row at issued_at"),
        Measure("customer_sk", "key", "dim_customer's row at issued_at"),
        Measure("issue_day", "date", "UTC date of issued_at; dim_date's key"),
        Measure("tenant_id", "key", "whose invoice"),
        Measure("subscription_id", "key", "what it is for; NULL if for no subscription"),
        Measure("invoice_number", "text", "the tenant's number"),
        Measure("status", "text", "draft, open, paid, void or uncollectible"),
        Measure("currency", "text", "the tenant's currency"),
        Measure("due_date", "date", "when it is to be paid"),
        Measure("paid_day", "date", "UTC date of paid_at; NULL: not paid"),
        Measure("amount_due", "money", "what is to be paid"),
        Measure("amount_paid", "money", "what was paid"),
        Measure("balance", "money", "amount_due - amount_paid"),
    ),
    clock=Clock.NOTHING,
    slices=SLICES,
)
