"""The POC's gold view over the revenue mart."""

from string import Template

_REVENUE_BY_TENANT = Template("""\
select
  revenue.tenant_id,
  tenant.name as tenant_name,
  revenue.month,
  revenue.order_count,
  revenue.gross_revenue as total_revenue,
  revenue.average_order_value as avg_order_value,
  revenue.currency
from $revenue as revenue
left join $tenants as tenant on tenant.id = revenue.tenant_id""")


def revenue_by_tenant_sql(revenue_monthly: str, tenants: str) -> str:
    """The SELECT of ``revenue_by_tenant``: one row per tenant, month and currency with a completed order.

    Source of the columns: the POC's revenue_by_tenant. ``currency`` is added at the end, because amounts are never
    added across currencies. A tenant that is unknown keeps its revenue and has no name.

    Args:
        revenue_monthly: the mart as the engine's FROM clause names it.
        tenants: the readers' view of tenants, likewise.
    """
    return _REVENUE_BY_TENANT.substitute(revenue=revenue_monthly, tenants=tenants)
