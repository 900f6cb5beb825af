"""A lakehouse whose gold is small: one mart of each kind."""

from dataclasses import replace

from lakehouse_core.blueprint import Blueprint

KEPT = ("revenue_daily", "subscription_monthly", "dim_product", "fact_invoice")


def few_marts(blueprint: Blueprint) -> Blueprint:
    """The blueprint with four of its marts."""
    return replace(blueprint, marts=tuple(mart for mart in blueprint.marts if mart.name in KEPT))
