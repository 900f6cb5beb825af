"""A blueprint is extended by value, and refuses what could not work."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from pyspark.sql import DataFrame

from lakehouse_core.blueprint import STANDARD, Blueprint
from lakehouse_core.contracts import CONTRACTS, Column, Contract, Derived, Predicate, Reference, Rule, Unique
from lakehouse_core.errors import BlueprintInvalid, UnknownEntity
from lakehouse_core.gold import MARTS, Mart
from lakehouse_core.gold.slices import Slices

REVIEW = Contract("shop_review", "review", "reviews", "one row per review", (Column("id", "bigint"),))


def same(frame: DataFrame) -> DataFrame:
    """A step that does nothing."""
    return frame


def mart(name: str, *inputs: str) -> Mart:
    """A mart that is never built."""
    return Mart(name, "one row", (), inputs, same, ())


def rule(check: Predicate | Reference | Unique) -> Rule:
    """A rule of that check."""
    return Rule("order.mine", check, "mine")


def test_extended_by_value() -> None:
    """Each method adds to a new blueprint and leaves the old one as it was."""
    more = (
        STANDARD.with_table(REVIEW)
        .with_columns("order", same, Derived("mine", "int", "mine"))
        .with_rules("orders", rule(Predicate("mine > 0")))
        .with_mart(mart("mine", "reviews", "review_version"))
    )
    assert [*more.contracts] == [*CONTRACTS, "review"] == [*more.clean]
    assert more.contract("reviews") is REVIEW
    assert more.contract("core_order").derived[-1].name == "mine"
    assert more.contract("order").rules[-1].id == "order.mine"
    assert [each.name for each in more.marts] == [*(each.name for each in MARTS), "mine"]
    assert STANDARD.contracts is CONTRACTS
    assert STANDARD.marts is MARTS
    with pytest.raises(UnknownEntity, match="no contract is called 'review'; there are tenant, customer"):
        STANDARD.contract("review")


def columns(*given: Column) -> Contract:
    """The review's contract with those columns."""
    return replace(REVIEW, columns=given)


ID = Column("id", "bigint")
WRONG: list[tuple[str, Callable[[Blueprint], Blueprint]]] = [
    ("there is an entity 'order' already", lambda b: b.with_table(replace(REVIEW, entity="order"))),
    ("two are called 'orders': each silver table", lambda b: b.with_table(replace(REVIEW, view="orders"))),
    ("two are called 'public.core_order': each source", lambda b: b.with_table(replace(REVIEW, table="core_order"))),
    ("two are called 'id': each column of review", lambda b: b.with_table(columns(ID, ID))),
    ("review.a has the type 'uuid', which no contract", lambda b: b.with_table(columns(ID, Column("a", "uuid")))),
    ("the type 'numeric(39,2)', which", lambda b: b.with_table(columns(ID, Column("a", "numeric(39,2)")))),
    ("key of review must be a bigint column called id", lambda b: b.with_table(columns(Column("id", "text")))),
    ("key of review must be a bigint column called id", lambda b: b.with_table(replace(REVIEW, key="code"))),
    (
        "two are called 'status': each column of order",
        lambda b: b.with_columns("order", same, Derived("status", "string", "")),
    ),
    (
        "order.rank follows from other rows too",
        lambda b: b.with_columns("order", same, Derived("rank", "int", "", of_row=False)),
    ),
    (
        "names the column 'nothing', which is not there",
        lambda b: b.with_rules("order", rule(Unique(("id", "nothing")))),
    ),
    ("refers to the entity 'orders'; there are", lambda b: b.with_rules("order", rule(Reference("id", "orders")))),
    (
        "two are called 'order.mine': each rule",
        lambda b: b.with_rules("order", rule(Predicate("true")), rule(Predicate("false"))),
    ),
    ("mart mine needs the frame 'order'; there are", lambda b: b.with_mart(mart("mine", "order"))),
    (
        "mart mine is clustered by 'day', which is no column of it",
        lambda b: b.with_mart(replace(mart("mine", "orders"), cluster_by="day")),
    ),
    (
        "mart mine is cut by 'day', which is no column of it",
        lambda b: b.with_mart(replace(mart("mine", "orders"), slices=Slices(("day",), {}, lambda *_: {}))),
    ),
    (
        "mart mine does not say which of its slices a change of 'orders' touches",
        lambda b: b.with_mart(replace(mart("mine", "orders"), slices=Slices((), {}, lambda *_: {}))),
    ),
    ("two are called 'revenue_daily': each mart", lambda b: b.with_mart(mart("revenue_daily", "orders"))),
]


@pytest.mark.parametrize(("message", "extend"), WRONG, ids=[case[0] for case in WRONG])
def test_what_cannot_work_is_refused(message: str, extend: Callable[[Blueprint], Blueprint]) -> None:
    """The error names the problem before anything runs."""
    with pytest.raises(BlueprintInvalid) as refused:
        extend(STANDARD)
    assert message in refused.value.message
