"""dim_customer: what each customer was, and when."""

from datetime import datetime

from pyspark.sql import DataFrame

from lakehouse_core.gold.dimensions import CUSTOMER, VALIDITY
from lakehouse_core.gold.mart import Clock, Mart, Measure


def build(*, customer_version: DataFrame, as_of: datetime) -> DataFrame:
    """One row per customer and stretch in which its tracked columns stayed the same."""
    del as_of  # every captured version counts, and none is later
    return CUSTOMER.rows(customer_version)


MART = Mart(
    name="dim_customer",
    grain="one row per customer and span of business time in which its traits held, and the unknown member",
    key=("customer_sk",),
    inputs=("customer_version",),
    build=build,
    measures=(
        Measure("customer_id", "key", "the customer; NULL for the unknown member"),
        Measure("tenant_id", "key", "whose customer"),
        Measure("email", "text", "e-mail, as it was entered (personal)"),
        Measure("first_name", "text", "first name (personal)"),
        Measure("last_name", "text", "last name (personal)"),
        Measure("phone", "text", "phone, as it was entered (personal)"),
        Measure("country", "text", "ISO 3166 alpha-2"),
        Measure("segment", "text", "the business's own grouping"),
        Measure("is_active", "flag", "whether the account is open"),
        *VALIDITY,
    ),
    clock=Clock.NOTHING,
    slices=CUSTOMER.slices("customer_version"),
)
