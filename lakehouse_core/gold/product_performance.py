"""product_performance: what each product sold, what that cost, and how fast its stock turned.

Source: the data model; inventory turnover is cost of goods sold over the mean inventory value. Prices and costs of a
product are in the tenant's currency: where an order is in another one, cogs and what follows from it are NULL, since
amounts are never added across currencies.
"""

from datetime import datetime

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse_core.contracts.envelope import BUSINESS_TIME, OP, POSITION, Op
from lakehouse_core.gold.mart import Mart, Measure
from lakehouse_core.gold.numbers import MONEY, RATE, money, nonzero
from lakehouse_core.gold.periods import as_of_instant, midnight, month_is_complete, months, utc_month
from lakehouse_core.gold.revenue import completed
from lakehouse_core.gold.slices import Changed, Frames, Slices, within
from lakehouse_core.gold.versions import CAPTURED_FROM, VALID_TO, holds_at, spans

_DAY_MICROS = 86_400_000_000
_EXACT = "decimal(38,2)"  # money times microseconds


def build(
    *, orders: DataFrame, order_items: DataFrame, product_version: DataFrame, tenants: DataFrame, as_of: datetime
) -> DataFrame:
    """One row per product, UTC month of order_date and order currency with a completed order of the product."""
    home = tenants.select(F.col("id").alias("tenant_id"), F.col("currency").alias("home_currency"))
    foreign = F.col("home_currency") != F.col("currency")  # NULL, so taken as the same, if the tenant's is not known
    sold = (
        _costed_lines(orders, order_items, product_version)
        .groupBy("tenant_id", "product_id", "month", "currency")
        .agg(
            F.sum("quantity").alias("units"),
            money(F.sum("line_total")).alias("line_revenue"),
            F.sum("cost_of_line").cast(MONEY).alias("cost_of_lines"),
            F.bool_or("is_backcast").alias("cost_is_backcast"),
        )
        .join(F.broadcast(home), on="tenant_id", how="left")
        .withColumn("cogs", F.when(foreign, None).otherwise(F.col("cost_of_lines")))
    )
    place = Window.partitionBy("tenant_id", "month", "currency").orderBy(F.col("line_revenue").desc())
    covered = F.coalesce("covered_micros", F.lit(0))
    turnover = F.col("cogs") * F.col("covered_micros").cast("decimal(15,0)") / nonzero(F.col("value_micros"))
    return sold.join(_inventory(product_version, as_of), on=["product_id", "month"], how="left").select(
        *MART.key,
        "units",
        "line_revenue",
        "cogs",
        "cost_is_backcast",
        (F.col("line_revenue") - F.col("cogs")).cast(MONEY).alias("margin"),
        F.dense_rank().over(place).alias("rank_in_tenant"),
        F.when(covered >= _DAY_MICROS, F.round(turnover, 6).cast(RATE)).alias("inventory_turnover"),
        F.round(covered.cast("decimal(20,0)") / F.lit(_DAY_MICROS).cast("decimal(20,0)"), 6)
        .cast(RATE)
        .alias("stock_coverage_days"),
        month_is_complete(F.col("month"), as_of).alias("is_complete"),
    )


def _costed_lines(orders: DataFrame, order_items: DataFrame, product_version: DataFrame) -> DataFrame:
    """One row per completed order's item: its product's cost at order_date, or the first known one before that."""
    cost = _costs(product_version)
    ordered = completed(orders).select(F.col("id").alias("order_id"), "tenant_id", "currency", "order_date")
    lines = order_items.select("order_id", "product_id", "quantity", "line_total").join(
        ordered, on="order_id", how="inner"
    )
    at_order_date = (lines["product_id"] == cost["costed_id"]) & holds_at(
        F.col("order_date"), since=F.col("cost_from"), until=F.col("cost_to")
    )
    return lines.join(F.broadcast(cost), on=at_order_date, how="left").select(
        "tenant_id",
        "product_id",
        utc_month(F.col("order_date")).alias("month"),
        "currency",
        "quantity",
        "line_total",
        (F.col("quantity") * F.col("cost")).alias("cost_of_line"),
        F.coalesce(F.col("order_date") < F.col("first_captured"), F.lit(col=False)).alias("is_backcast"),
    )


def _costs(product_version: DataFrame) -> DataFrame:
    """One row per product and cost: costed_id, cost, cost_from (NULL for the first known), cost_to (NULL for the last).

    Versions that leave the cost as it is are left out, so that a month of stock movements is one row to search.
    A deleted product keeps its last cost: an order may still name it.
    """
    order = Window.partitionBy("id").orderBy(POSITION)
    changes = (
        product_version.where(F.col(OP).isin(Op.INSERT.value, Op.UPDATE.value))
        .select("id", "cost", POSITION, BUSINESS_TIME, F.lag("cost").over(order).alias("cost_before"))
        .where(~F.col("cost").eqNullSafe(F.col("cost_before")))
    )
    first = F.lag(POSITION).over(order).isNull()
    return changes.select(
        F.col("id").alias("costed_id"),
        "cost",
        F.when(~first, F.col(BUSINESS_TIME)).alias("cost_from"),
        F.lead(BUSINESS_TIME).over(order).alias("cost_to"),
        F.when(first, F.col(BUSINESS_TIME)).alias("first_captured"),
    )


def _inventory(product_version: DataFrame, as_of: datetime) -> DataFrame:
    """One row per product and month: microseconds covered by captured versions, and stock value times microseconds."""
    now = as_of_instant(as_of)
    until = F.least(VALID_TO, now)
    monthly = spans(product_version).select(
        F.col("id").alias("product_id"),
        F.col(CAPTURED_FROM),
        until.alias("until"),
        (F.col("stock_quantity") * F.col("cost")).alias("value"),
        F.explode(months(utc_month(F.col(CAPTURED_FROM)), utc_month(until))).alias("month"),
    )
    begin = F.greatest(CAPTURED_FROM, midnight(F.col("month")))
    end = F.least("until", midnight(F.add_months("month", 1)))
    return (
        monthly.withColumn("micros", F.unix_micros(end) - F.unix_micros(begin))
        .where(F.col("micros") > 0)
        .groupBy("product_id", "month")
        .agg(
            F.sum("micros").alias("covered_micros"),
            F.sum(F.col("value") * F.col("micros").cast("decimal(14,0)")).cast(_EXACT).alias("value_micros"),
        )
    )


def _months_of(orders: DataFrame) -> DataFrame:
    return completed(orders).select("tenant_id", utc_month(F.col("order_date")).alias("month"))


def _of_items(order_items: Changed, inputs: Frames) -> DataFrame:
    """The months of the orders of changed items; an order that changed itself is named by its own change."""
    return _months_of(within(inputs["orders"], order_items.both.select("order_id"), order_id="id"))


def _of_products(product_version: Changed, inputs: Frames) -> DataFrame:
    """The months, from the first change of a product's history on, in which it was ordered.

    Costs and stock before a version are as they were without it, unless no version with values comes before it: the
    first one's apply before it, too.
    """
    was, now = _told_apart(product_version.before), _told_apart(product_version.after)
    changed = was.join(now, was.columns, "left_anti").unionByName(now.join(was, now.columns, "left_anti"))
    since = changed.groupBy("id").agg(
        F.when(~F.bool_or("first"), F.min("instant")).alias("since")  # NULL: always
    )
    items = inputs["order_items"].join(F.broadcast(since.withColumnRenamed("id", "product_id")), "product_id")
    orders = completed(inputs["orders"]).select(F.col("id").alias("order_id"), "tenant_id", "order_date")
    months = items.select("order_id", "since").join(orders, "order_id")
    month = utc_month(F.col("order_date"))
    sold = months.where(F.col("since").isNull() | (month >= utc_month(F.col("since"))))
    return sold.select("tenant_id", month.alias("month"))


def _told_apart(versions: DataFrame) -> DataFrame:
    """The versions by what this mart reads of them, without NULL: what is equal here is equal to it."""
    before = Window.partitionBy("id").orderBy(POSITION).rowsBetween(Window.unboundedPreceding, -1)
    lived = F.count_if(F.col(OP).isin(Op.INSERT.value, Op.UPDATE.value)).over(before)
    first = F.coalesce(lived, F.lit(0)) == 0
    values = F.to_json(F.struct(OP, POSITION, "cost", "stock_quantity"))
    return versions.select("id", F.col(BUSINESS_TIME).alias("instant"), first.alias("first"), values.alias("values"))


def _of_tenants(tenants: Changed, inputs: Frames) -> DataFrame:
    """All months of tenants with another currency."""
    return _months_of(within(inputs["orders"], tenants.keys_with_another("currency"), id="tenant_id"))


def _needed(inputs: Frames, slices: DataFrame) -> Frames:
    """The orders of those months with their items and the versions of their products; tenants, which are few, whole."""
    orders = inputs["orders"].select("id", "tenant_id", "status", "currency", "order_date")
    theirs = within(completed(orders), slices, "tenant_id", month=utc_month(F.col("order_date")))
    items = inputs["order_items"].select("order_id", "product_id", "quantity", "line_total")
    lines = items.join(theirs.select(F.col("id").alias("order_id")), "order_id", "left_semi")
    versions = within(inputs["product_version"], lines.select("product_id").distinct(), product_id="id")
    return {"orders": theirs, "order_items": lines, "product_version": versions}


SLICES = Slices(
    ("tenant_id", "month"),
    {
        "orders": lambda orders, _: _months_of(orders.both),
        "order_items": _of_items,
        "product_version": _of_products,
        "tenants": _of_tenants,
    },
    _needed,
)

MART = Mart(
    name="product_performance",
    grain="one row per product, month and currency with a completed order of the product",
    key=("tenant_id", "product_id", "month", "currency"),
    inputs=("orders", "order_items", "product_version", "tenants"),
    build=build,
    slices=SLICES,
    measures=(
        Measure("units", "pieces", "quantity sold in completed orders"),
        Measure("line_revenue", "money", "sum of line_total"),
        Measure("cogs", "money", "units times the cost at order_date; NULL if the product or its currency is another"),
        Measure("cost_is_backcast", "flag", "whether a cost was taken from the first known version, after the order"),
        Measure("margin", "money", "line_revenue - cogs"),
        Measure("rank_in_tenant", "rank", "by line_revenue, 1 = most, dense, within tenant, month and currency"),
        Measure(
            "inventory_turnover", "ratio", "cogs / mean of stock_quantity x cost over the covered time of the month"
        ),
        Measure("stock_coverage_days", "days", "how much of the month captured versions cover, up to as_of"),
        Measure("is_complete", "flag", "whether the month is over at as_of"),
    ),
)
