"""A rule of your own: shipping is never dearer than the goods."""

from lakehouse_core.blueprint import Blueprint
from lakehouse_core.contracts import Predicate, Rule

RULE = Rule(
    "order.shipping_below_goods", Predicate("shipping_amount <= subtotal"), "shipping costs no more than the goods"
)


def extend(blueprint: Blueprint) -> Blueprint:
    """The lakehouse with one more rule."""
    return blueprint.with_rules("order", RULE)
