"""Lakehouses whose gold is smaller: one mart of each kind, or those alone that are kept up to date by slices."""

from dataclasses import replace

from lakehouse_core.blueprint import Blueprint

KEPT = ("revenue_daily", "subscription_monthly", "dim_product", "fact_invoice")


def few_marts(blueprint: Blueprint) -> Blueprint:
    """The blueprint with four of its marts."""
    return replace(blueprint, marts=tuple(mart for mart in blueprint.marts if mart.name in KEPT))


def sliced_marts(blueprint: Blueprint) -> Blueprint:
    """The blueprint with the marts that have slices."""
    return replace(blueprint, marts=tuple(mart for mart in blueprint.marts if mart.slices))
