"""The marts: pure functions from silver to gold, one module each.

>>> [mart.name for mart in MARTS if "subscription_version" in mart.inputs]
['customer_ltv', 'subscription_monthly', 'fact_subscription_month']
"""

from lakehouse_core.gold import (
    customer_acquisition,
    customer_ltv,
    customer_retention,
    dim_customer,
    dim_date,
    dim_product,
    dim_tenant,
    fact_invoice,
    fact_order_line,
    fact_session,
    fact_subscription_month,
    funnel_daily,
    invoice_aging,
    product_performance,
    revenue_daily,
    revenue_monthly,
    subscription_monthly,
)
from lakehouse_core.gold.mart import Clock, Mart, Measure

MARTS: tuple[Mart, ...] = tuple(
    module.MART
    for module in (
        revenue_daily,
        revenue_monthly,
        customer_acquisition,
        customer_retention,
        customer_ltv,
        product_performance,
        subscription_monthly,
        funnel_daily,
        invoice_aging,
        dim_tenant,
        dim_customer,
        dim_product,
        dim_date,
        fact_order_line,
        fact_session,
        fact_subscription_month,
        fact_invoice,
    )
)

__all__ = ["MARTS", "Clock", "Mart", "Measure"]
