"""fact_order_line: what was ordered, line by line, whatever became of the order."""

from collections.abc import Callable
from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.gold.dimensions import CUSTOMER, PRODUCT, TENANT, Dimension
from lakehouse_core.gold.mart import Clock, Mart, Measure
from lakehouse_core.gold.periods import utc_date
from lakehouse_core.gold.slices import Changed, Frames, Slices, within


def build(
    *,
    order_items: DataFrame,
    orders: DataFrame,
    tenant_version: DataFrame,
    customer_version: DataFrame,
    product_version: DataFrame,
    as_of: datetime,
) -> DataFrame:
    """One row per order item; one whose order is not there has no date, no status and unknown tenant and customer."""
    del as_of  # each line is a fact of its own order
    ordered = orders.select(
        F.col("id").alias("order_id"), "tenant_id", "customer_id", "status", "currency", "order_date"
    )
    lines = order_items.select(
        F.col("id").alias("order_item_id"), "order_id", "product_id", "quantity", "unit_price", "line_total"
    ).join(ordered, on="order_id", how="left")
    at = F.col("order_date")
    named = TENANT.named_by(lines, tenant_version, at)
    named = CUSTOMER.named_by(named, customer_version, at)
    named = PRODUCT.named_by(named, product_version, at)
    return named.select(
        "order_item_id",
        "tenant_sk",
        "customer_sk",
        "product_sk",
        utc_date(at).alias("order_day"),
        "order_id",
        "tenant_id",
        F.col("status").alias("order_status"),
        "currency",
        "quantity",
        "unit_price",
        "line_total",
    )


def _orders_of(dimension: Dimension) -> Callable[[Changed, Frames], DataFrame]:
    """The orders whose tenant or customer goes by another row."""

    def touched(versions: Changed, inputs: Frames) -> DataFrame:
        return dimension.renamed(inputs["orders"], versions, F.col("order_date")).select(F.col("id").alias("order_id"))

    return touched


def _orders_of_products(product_version: Changed, inputs: Frames) -> DataFrame:
    """The orders with an item whose product goes by another row."""
    moved = PRODUCT.moved(product_version)
    items = within(inputs["order_items"].select("order_id", "product_id"), moved, _id="product_id")
    dated = items.join(inputs["orders"].select(F.col("id").alias("order_id"), "order_date"), "order_id")
    return PRODUCT.renamed(dated, product_version, F.col("order_date")).select("order_id")


def _needed(inputs: Frames, slices: DataFrame) -> Frames:
    """Those orders with their items, and the versions of their customers and products; tenants, which are few, whole."""
    orders = inputs["orders"].select("id", "tenant_id", "customer_id", "status", "currency", "order_date")
    items = inputs["order_items"].select("id", "order_id", "product_id", "quantity", "unit_price", "line_total")
    theirs, lines = within(orders, slices, order_id="id"), within(items, slices, "order_id")
    return {
        "orders": theirs,
        "order_items": lines,
        "customer_version": within(inputs["customer_version"], theirs, customer_id="id"),
        "product_version": within(inputs["product_version"], lines, product_id="id"),
    }


SLICES = Slices(
    ("order_id",),
    {
        "order_items": lambda items, _: items.both.select("order_id"),
        "orders": lambda orders, _: orders.both.select(F.col("id").alias("order_id")),
        "tenant_version": _orders_of(TENANT),
        "customer_version": _orders_of(CUSTOMER),
        "product_version": _orders_of_products,
    },
    _needed,
)

MART = Mart(
    name="fact_order_line",
    grain="one row per order item",
    key=("order_item_id",),
    inputs=("order_items", "orders", "tenant_version", "customer_version", "product_version"),
    build=build,
    measures=(
        Measure("tenant_sk", "key", "dim_tenant's row at order_date"),
        Measure("customer_sk", "key", "dim_customer's row at order_date"),
        Measure("product_sk", "key", "dim_product's row at order_date"),
        Measure("order_day", "date", "UTC date of order_date; dim_date's key; NULL if the order is not there"),
        Measure("order_id", "key", "the order"),
        Measure("tenant_id", "key", "the order's tenant"),
        Measure("order_status", "text", "the order's status now; revenue counts completed ones"),
        Measure("currency", "text", "the order's currency"),
        Measure("quantity", "pieces", "pieces ordered"),
        Measure("unit_price", "money", "price of a piece"),
        Measure("line_total", "money", "the line's amount, as the source has it"),
    ),
    clock=Clock.NOTHING,
    slices=SLICES,
    cluster_by="order_day",
)
