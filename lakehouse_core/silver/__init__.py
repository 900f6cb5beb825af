"""Silver: one module per entity, each a ``clean(frame) -> frame`` that adds columns and drops nothing.

Source columns stay untouched, what is cleaned or derived is a new column (``Contract.derived`` lists them),
every other column (``_op`` ...) passes through. A tombstone (all source columns NULL but the key) stays a row
whose derived columns are NULL.

    from lakehouse_core import silver

    silver.order.clean(orders)
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pyspark.sql import DataFrame

from lakehouse_core.silver import customer, event, invoice, order, order_item, product, subscription, tenant

CLEAN: Mapping[str, Callable[[DataFrame], DataFrame]] = MappingProxyType(
    {
        module.CONTRACT.entity: module.clean
        for module in (tenant, customer, product, order, order_item, event, subscription, invoice)
    }
)

__all__ = ["CLEAN", "customer", "event", "invoice", "order", "order_item", "product", "subscription", "tenant"]
