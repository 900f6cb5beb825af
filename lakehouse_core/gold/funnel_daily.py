"""funnel_daily: how far the people who came on a day got on their way to a purchase.

Source: the data model. A person is the first customer seen on the anonymous id (``c:<customer id>``), else the
anonymous id itself (``a:<anonymous id>``). For a person and a day the way starts at that day's first page view; a step
is reached if events of the steps so far follow each other by (occurred_at, id), all within seven days of the start.
"""

from datetime import datetime
from itertools import pairwise

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse_core.gold.mart import Clock, Mart, Measure
from lakehouse_core.gold.numbers import rate
from lakehouse_core.gold.periods import day_is_complete, utc_date
from lakehouse_core.gold.slices import Changed, Frames, Slices, within

STEPS = ("page_view", "product_view", "add_to_cart", "checkout_started", "purchase")
WINDOW_DAYS = 7


def build(*, events: DataFrame, as_of: datetime) -> DataFrame:
    """One row per tenant and UTC date with a page view."""
    journeys = _with_next_steps(_by_person(events))
    first_of_day = (
        journeys.where(F.col("event_type") == STEPS[0])
        .groupBy("tenant_id", "person", utc_date(F.col("occurred_at")).alias("event_date"))
        .agg(F.min(F.struct("occurred_at", "id", *STEPS[1:])).alias("start"))
    )
    counted = first_of_day.groupBy("tenant_id", "event_date").agg(
        F.count("*").alias(_persons(STEPS[0])),
        *(F.count_if(_in_time(F.col(f"start.{step}"))).alias(_persons(step)) for step in STEPS[1:]),
    )
    return counted.select(
        *MART.key,
        *(_persons(step) for step in STEPS),
        *(
            rate(F.col(_persons(step)), F.col(_persons(before))).alias(f"{step}_rate")
            for before, step in pairwise(STEPS)
        ),
        rate(F.col(_persons(STEPS[-1])), F.col(_persons(STEPS[0]))).alias("conversion_rate"),
        day_is_complete(F.col("event_date"), as_of, days_after=WINDOW_DAYS).alias("is_complete"),
    )


def _by_person(events: DataFrame) -> DataFrame:
    """The events of the five steps, each with its person."""
    identities = (
        events.where(F.col("customer_id").isNotNull())
        .groupBy("tenant_id", "anonymous_id")
        .agg(F.min(F.struct("occurred_at", "id", "customer_id")).alias("first"))
        .select("tenant_id", "anonymous_id", F.col("first.customer_id").alias("known_as"))
    )
    person = F.coalesce(
        F.concat(F.lit("c:"), F.col("known_as").cast("string")), F.concat(F.lit("a:"), F.col("anonymous_id"))
    )
    return (
        events.where(F.col("event_type").isin(*STEPS))
        .select("tenant_id", "anonymous_id", "id", "event_type", "occurred_at")
        .join(identities, on=["tenant_id", "anonymous_id"], how="left")
        .select("tenant_id", person.alias("person"), "id", "event_type", "occurred_at")
    )


def _with_next_steps(journey: DataFrame) -> DataFrame:
    """Add to each event when the steps after the page view are reached from here at the earliest (NULL: never).

    Walks each person's events once from the last to the first. At every event it knows the nearest later purchase, the
    nearest later checkout with the purchase that follows it, and so on: taking the nearest event of each step reaches
    every step as early as any choice could.
    """
    backwards = (
        Window.partitionBy("tenant_id", "person")
        .orderBy(F.col("occurred_at").desc(), F.col("id").desc())
        .rowsBetween(Window.unboundedPreceding, Window.currentRow)
    )
    later: tuple[str, ...] = ()
    for step in reversed(STEPS[1:]):
        here = F.when(F.col("event_type") == step, F.struct(F.col("occurred_at").alias(step), *later))
        journey = journey.withColumn("reached", F.last(here, ignorenulls=True).over(backwards))
        later = (step, *later)
        journey = journey.withColumns({name: F.col(f"reached.{name}") for name in later})
    return journey.drop("reached")


def _persons(step: str) -> str:
    return f"{step}_persons"


def _in_time(reached: Column) -> Column:
    elapsed = F.unix_micros(reached) - F.unix_micros(F.col("start.occurred_at"))
    return elapsed < WINDOW_DAYS * 86_400_000_000


def _touched(events: Changed, inputs: Frames) -> DataFrame:
    """The days that changed events are or were within reach of, and those of visitors who may be another person now.

    An event counts for ways that start on its date or up to seven days before, whoever's it is. Who a visitor is, is
    said by the first event with a customer: only where a changed event is that first one, or came before it while it
    was there, may the visitor's events be another person's now.
    """
    mine, moment = ("tenant_id", "anonymous_id"), F.struct("occurred_at", "id")
    named = F.col("customer_id").isNotNull()
    seen = events.both.where(named).groupBy(*mine).agg(F.min(moment).alias("earliest"))
    theirs = inputs["events"].select(*mine, "id", "customer_id", "occurred_at").join(F.broadcast(seen), list(mine))
    first = F.min(F.when(named, moment)).over(Window.partitionBy(*mine))
    moved = theirs.withColumn("first", first).where(F.col("first").isNull() | (F.col("earliest") <= F.col("first")))
    dated = events.both.select("tenant_id", "occurred_at").union(moved.select("tenant_id", "occurred_at"))
    return _spread(dated.select("tenant_id", utc_date(F.col("occurred_at")).alias("event_date")), -WINDOW_DAYS, 0)


def _needed(inputs: Frames, slices: DataFrame) -> Frames:
    """The events that ways of those days can lead over, and for each of their visitors the one that says who it is."""
    mine = ("tenant_id", "anonymous_id")
    events = inputs["events"].select("id", *mine, "customer_id", "event_type", "occurred_at")
    days = _spread(slices, 0, WINDOW_DAYS)
    reached = within(events, days, "tenant_id", event_date=utc_date(F.col("occurred_at")))
    theirs = within(events.where(F.col("customer_id").isNotNull()), reached.select(*mine).distinct(), *mine)
    row = F.struct("occurred_at", *(name for name in events.columns if name != "occurred_at"))
    naming = theirs.groupBy(*mine).agg(F.min(row).alias("row")).select("row.*").select(*events.columns)
    return {"events": reached.unionByName(naming).dropDuplicates(["id"])}


def _spread(days: DataFrame, first: int, last: int) -> DataFrame:
    """The days from ``first`` to ``last`` days after those given, each once."""
    around = F.sequence(F.date_add("event_date", first), F.date_add("event_date", last))
    return days.select("tenant_id", F.explode(around).alias("event_date")).distinct()


MART = Mart(
    name="funnel_daily",
    grain="one row per tenant and date with a page view",
    key=("tenant_id", "event_date"),
    inputs=("events",),
    build=build,
    clock=Clock.DAY,
    slices=Slices(("tenant_id", "event_date"), {"events": _touched}, _needed),
    measures=(
        Measure("page_view_persons", "persons", "persons with a page view on the date"),
        *(
            Measure(f"{step}_persons", "persons", f"those who then reached {step} within seven days, steps in order")
            for step in STEPS[1:]
        ),
        *(
            Measure(f"{step}_rate", "fraction", f"{step}_persons / {before}_persons")
            for before, step in pairwise(STEPS)
        ),
        Measure("conversion_rate", "fraction", "purchase_persons / page_view_persons"),
        Measure("is_complete", "flag", "whether seven days have passed since the end of the date"),
    ),
)
