"""dim_tenant: what each tenant was, and when."""

from datetime import datetime

from pyspark.sql import DataFrame

from lakehouse_core.gold.dimensions import TENANT, VALIDITY
from lakehouse_core.gold.mart import Clock, Mart, Measure


def build(*, tenant_version: DataFrame, as_of: datetime) -> DataFrame:
    """One row per tenant and stretch in which its tracked columns stayed the same."""
    del as_of  # every captured version counts, and none is later
    return TENANT.rows(tenant_version)


MART = Mart(
    name="dim_tenant",
    grain="one row per tenant and span of business time in which its traits held, and the unknown member",
    key=("tenant_sk",),
    inputs=("tenant_version",),
    build=build,
    measures=(
        Measure("tenant_id", "key", "the tenant; NULL for the unknown member"),
        Measure("name", "text", "the tenant's name"),
        Measure("slug", "text", "its short name in addresses"),
        Measure("domain", "text", "its domain, as it was entered"),
        Measure("is_active", "flag", "whether the tenant uses the product"),
        Measure("plan_type", "text", "plan, of the settings"),
        Measure("timezone", "text", "time zone, of the settings"),
        Measure("currency", "text", "ISO 4217 code, of the settings"),
        Measure("locale", "text", "language and region, of the settings"),
        *VALIDITY,
    ),
    clock=Clock.NOTHING,
    slices=TENANT.slices("tenant_version"),
)
