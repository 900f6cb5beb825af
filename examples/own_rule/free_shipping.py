"""A rule of your own: orders of 100.00 and more ship free."""

from lakehouse_core.blueprint import Blueprint
from lakehouse_core.contracts import Predicate, Rule

RULE = Rule(
    "order.free_shipping",
    Predicate("subtotal < 100 or shipping_amount = 0"),
    "orders of 100.00 and more ship free",
)


def extend(blueprint: Blueprint) -> Blueprint:
    """The lakehouse with one more rule."""
    return blueprint.with_rules("order", RULE)
