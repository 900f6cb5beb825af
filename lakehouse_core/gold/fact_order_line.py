"""fact_order_line: what was ordered, line by line, whatever became of the order."""

from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.gold.dimensions import CUSTOMER, PRODUCT, TENANT
from lakehouse_core.gold.mart import Clock, Mart, Measure
from lakehouse_core.gold.periods import utc_date


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
)
