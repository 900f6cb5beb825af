"""Lakehouses whose gold is smaller: one mart of each kind, or those alone that are kept up to date by slices."""

from dataclasses import replace

from lakehouse_core.blueprint import Blueprint

KEPT = ("revenue_daily", "subscription_monthly", "dim_product", "fact_invoice")
WITH_PEOPLE = ("revenue_daily", "customer_ltv", "dim_customer")


def few_marts(blueprint: Blueprint) -> Blueprint:
    """The blueprint with four of its marts."""
    return _only(blueprint, KEPT)


def people_marts(blueprint: Blueprint) -> Blueprint:
    """The blueprint with three marts: one has personal columns, one counts customers, one only money."""
    return _only(blueprint, WITH_PEOPLE)


def _only(blueprint: Blueprint, names: tuple[str, ...]) -> Blueprint:
    return replace(blueprint, marts=tuple(mart for mart in blueprint.marts if mart.name in names))


def sliced_marts(blueprint: Blueprint) -> Blueprint:
    """The blueprint with the marts that have slices."""
    return replace(blueprint, marts=tuple(mart for mart in blueprint.marts if mart.slices))
