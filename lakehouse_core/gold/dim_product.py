"""dim_product: what each product was, and when."""

from datetime import datetime

from pyspark.sql import DataFrame

from lakehouse_core.gold.dimensions import PRODUCT, VALIDITY
from lakehouse_core.gold.mart import Clock, Mart, Measure


def build(*, product_version: DataFrame, as_of: datetime) -> DataFrame:
    """One row per product and stretch in which its tracked columns stayed the same; stock is not tracked."""
    del as_of  # every captured version counts, and none is later
    return PRODUCT.rows(product_version)


MART = Mart(
    name="dim_product",
    grain="one row per product and span of business time in which its traits held, and the unknown member",
    key=("product_sk",),
    inputs=("product_version",),
    build=build,
    measures=(
        Measure("product_id", "key", "the product; NULL for the unknown member"),
        Measure("tenant_id", "key", "whose product"),
        Measure("sku", "text", "stock keeping unit"),
        Measure("name", "text", "the product's name"),
        Measure("category", "text", "category, as it was entered (silver's products have it normalized)"),
        Measure("price", "money", "list price, in the tenant's currency"),
        Measure("cost", "money", "what a piece costs, in the tenant's currency"),
        Measure("is_active", "flag", "whether it is on sale"),
        *VALIDITY,
    ),
    clock=Clock.NOTHING,
    slices=PRODUCT.slices("product_version"),
)
