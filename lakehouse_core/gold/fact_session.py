"""fact_session: each visit, with what was done in it."""

from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.gold.dimensions import CUSTOMER, TENANT
from lakehouse_core.gold.funnel_daily import STEPS
from lakehouse_core.gold.mart import Clock, Mart, Measure
from lakehouse_core.gold.periods import utc_date
from lakehouse_core.gold.slices import Changed, Frames, Slices, within


def build(*, events: DataFrame, tenant_version: DataFrame, customer_version: DataFrame, as_of: datetime) -> DataFrame:
    """One row per session of silver's events; events without a visitor or a time belong to none."""
    del as_of  # a session is a fact of its own events
    who = F.when(F.col("customer_id").isNotNull(), F.struct("occurred_at", "id", "customer_id"))
    visits = (
        events.where(F.col("session_id").isNotNull())
        .groupBy("session_id", "tenant_id", "anonymous_id")
        .agg(
            F.max(who)["customer_id"].alias("customer_id"),
            F.min("occurred_at").alias("started_at"),
            F.max("occurred_at").alias("ended_at"),
            F.count("*").alias("events"),
            *(F.count_if(F.col("event_type") == step).alias(f"{step}_events") for step in STEPS),
        )
    )
    named = TENANT.named_by(visits, tenant_version, F.col("started_at"))
    named = CUSTOMER.named_by(named, customer_version, F.col("started_at"))
    seconds = F.floor((F.unix_micros("ended_at") - F.unix_micros("started_at")) / F.lit(1_000_000))
    return named.select(
        "session_id",
        "tenant_sk",
        "customer_sk",
        utc_date(F.col("started_at")).alias("start_day"),
        "tenant_id",
        "anonymous_id",
        "started_at",
        "ended_at",
        seconds.cast("bigint").alias("duration_seconds"),
        "events",
        *(f"{step}_events" for step in STEPS),
        (F.col("purchase_events") > 0).alias("has_purchase"),
    )


def _of_tenants(tenant_version: Changed, inputs: Frames) -> DataFrame:
    """The sessions with an event while a tenant goes by another row: the one that they start with is such an event."""
    return TENANT.renamed(inputs["events"], tenant_version, F.col("occurred_at")).select("session_id")


def _of_customers(customer_version: Changed, inputs: Frames) -> DataFrame:
    """The sessions in which a customer was seen who goes by another row at some time: where it starts is not asked."""
    moved = CUSTOMER.moved(customer_version)
    return within(inputs["events"], moved, _id="customer_id").select("session_id")


def _needed(inputs: Frames, slices: DataFrame) -> Frames:
    """Those sessions' events and the versions of their customers; tenants, which are few, whole."""
    events = inputs["events"].select(
        "id", "session_id", "tenant_id", "anonymous_id", "customer_id", "event_type", "occurred_at"
    )
    theirs = within(events, slices, "session_id")
    return {"events": theirs, "customer_version": within(inputs["customer_version"], theirs, customer_id="id")}


SLICES = Slices(
    ("session_id",),
    {
        "events": lambda events, _: events.both.select("session_id"),
        "tenant_version": _of_tenants,
        "customer_version": _of_customers,
    },
    _needed,
)

MART = Mart(
    name="fact_session",
    grain="one row per session: a visitor's events without a gap of more than 30 minutes",
    key=("session_id",),
    inputs=("events", "tenant_version", "customer_version"),
    build=build,
    measures=(
        Measure("tenant_sk", "key", "dim_tenant's row when the session started"),
        Measure("customer_sk", "key", "dim_customer's row then, of the last customer seen in the session"),
        Measure("start_day", "date", "UTC date of the start; dim_date's key"),
        Measure("tenant_id", "key", "whose site"),
        Measure("anonymous_id", "key", "the visitor"),
        Measure("started_at", "instant", "the first event"),
        Measure("ended_at", "instant", "the last event"),
        Measure("duration_seconds", "seconds", "from the first event to the last, whole seconds"),
        Measure("events", "events", "all events"),
        *(Measure(f"{step}_events", "events", f"events of type {step}") for step in STEPS),
        Measure("has_purchase", "flag", "whether a purchase is among them"),
    ),
    clock=Clock.NOTHING,
    slices=SLICES,
    cluster_by="start_day",
)
