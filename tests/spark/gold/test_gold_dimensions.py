"""Dimensions: spans of business time without gap or overlap, and facts that find their row."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any

import pytest
from gold_support import Inputs, at, money, version
from pyspark.sql import DataFrame

from lakehouse_core.gold import (
    Mart,
    dim_customer,
    dim_date,
    dim_product,
    dim_tenant,
    fact_invoice,
    fact_order_line,
    fact_session,
    fact_subscription_month,
    subscription_monthly,
)
from lakehouse_core.gold.dimensions import UNKNOWN

Rows = Callable[..., list[dict[str, Any]]]
DAWN = at("1900-01-01T00:00")
SPAN = ("product_id", "price", "valid_from", "valid_to", "is_current")
NOBODY = (None, None, DAWN, None, True)
NOON = at("2026-03-01T12:00")


def product(position: int, when: str, price: str, op: str = "U", **columns: Any) -> dict[str, Any]:
    """A captured version of product 1."""
    return version(position, when, op, id=1, tenant_id=1, price=money(price), **columns)


CASES = {
    "the first version holds since ever": ([product(1, "2026-01-05T00:00", "1")], [(1, money("1"), DAWN, None, True)]),
    "a change closes and opens": (
        [product(1, "2026-01-05T00:00", "1"), product(2, "2026-01-07T00:00", "2")],
        [
            (1, money("1"), DAWN, at("2026-01-07T00:00"), False),
            (1, money("2"), at("2026-01-07T00:00"), None, True),
        ],
    ),
    "what is not tracked opens nothing": (
        [product(1, "2026-01-05T00:00", "1", stock_quantity=5), product(2, "2026-01-07T00:00", "1", stock_quantity=4)],
        [(1, money("1"), DAWN, None, True)],
    ),
    "of two at one instant the last position holds": (
        [
            product(1, "2026-01-05T00:00", "1"),
            product(3, "2026-01-07T00:00", "3"),
            product(2, "2026-01-07T00:00", "2"),
        ],
        [
            (1, money("1"), DAWN, at("2026-01-07T00:00"), False),
            (1, money("3"), at("2026-01-07T00:00"), None, True),
        ],
    ),
    "a change that is taken back at its instant is none": (
        [
            product(1, "2026-01-05T00:00", "1"),
            product(2, "2026-01-07T00:00", "2"),
            product(3, "2026-01-07T00:00", "1"),
        ],
        [(1, money("1"), DAWN, None, True)],
    ),
    "a change that arrives late, between two others, splits": (
        [
            product(1, "2026-01-05T00:00", "1"),
            product(3, "2026-01-09T00:00", "3"),
            product(2, "2026-01-07T00:00", "2"),
        ],
        [
            (1, money("1"), DAWN, at("2026-01-07T00:00"), False),
            (1, money("2"), at("2026-01-07T00:00"), at("2026-01-09T00:00"), False),
            (1, money("3"), at("2026-01-09T00:00"), None, True),
        ],
    ),
    "a delete closes, and a return opens": (
        [
            product(1, "2026-01-05T00:00", "1"),
            version(2, "2026-01-06T00:00", "D", id=1),
            product(3, "2026-01-08T00:00", "1", op="I"),
        ],
        [
            (1, money("1"), DAWN, at("2026-01-06T00:00"), False),
            (1, money("1"), at("2026-01-08T00:00"), None, True),
        ],
    ),
    "a version in quarantine closes": (
        [product(1, "2026-01-05T00:00", "1"), version(2, "2026-01-06T00:00", "Q", id=1)],
        [(1, money("1"), DAWN, at("2026-01-06T00:00"), False)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_spans(frame: Callable[..., DataFrame], built: Rows, name: str) -> None:
    """The rows of one product, and the unknown member."""
    given, expected = CASES[name]
    rows = built(dim_product.MART, {"product_version": frame("product_version", *given)}, NOON)
    unknown, *known = sorted(rows, key=lambda row: (row["product_id"] is not None, row["valid_from"]))
    assert [tuple(row[column] for column in SPAN) for row in known] == expected
    assert (unknown["product_sk"], *(unknown[column] for column in SPAN)) == (UNKNOWN, *NOBODY)


@pytest.mark.parametrize("mart", [dim_tenant.MART, dim_customer.MART, dim_product.MART], ids=lambda mart: mart.name)
def test_no_overlap_and_one_current_row(business: Inputs, built: Rows, as_of: datetime, mart: Mart) -> None:
    """Of every key the spans follow one another, and at most the last is still open."""
    rows = built(mart, business, as_of)
    assert len({row[mart.key[0]] for row in rows}) == len(rows)
    key = f"{mart.name.removeprefix('dim_')}_id"
    for _, group in groupby(sorted(rows, key=lambda row: (row[key] or 0, row["valid_from"])), lambda row: row[key]):
        spans = list(group)
        assert all(row["valid_to"] is None or row["valid_from"] < row["valid_to"] for row in spans)
        assert all(a["valid_to"] is not None and a["valid_to"] <= b["valid_from"] for a, b in pairwise(spans))
        assert all(row["valid_from"] > DAWN for row in spans[1:])
        assert [row["is_current"] for row in spans] == [row["valid_to"] is None for row in spans]


def test_facts_name_rows_that_are_there(business: Inputs, built: Rows, as_of: datetime) -> None:
    """Every surrogate key of a fact is one of its dimension's, and every day one of the calendar's."""
    keys = {
        column: {row[column] for row in built(mart, business, as_of)}
        for column, mart in (
            ("tenant_sk", dim_tenant.MART),
            ("customer_sk", dim_customer.MART),
            ("product_sk", dim_product.MART),
            ("calendar_date", dim_date.MART),
        )
    }
    for mart in (fact_order_line.MART, fact_session.MART, fact_subscription_month.MART, fact_invoice.MART):
        rows = built(mart, business, as_of)
        for column in ("tenant_sk", "customer_sk", "product_sk"):
            if column in rows[0]:
                assert {row[column] for row in rows} <= keys[column]
        days = {row[name] for row in rows for name in ("order_day", "start_day", "issue_day", "month") if name in row}
        assert days - {None} <= keys["calendar_date"]
    lines = built(fact_order_line.MART, business, as_of)
    assert any(row["tenant_sk"] == UNKNOWN for row in lines if row["order_day"] is None)


def test_subscriptions_sum_to_closing_mrr(business: Inputs, built: Rows, as_of: datetime) -> None:
    """The fact's rows of a tenant and month add up to the mart's closing_mrr, to the cent."""
    closing: Counter[tuple[Any, ...]] = Counter()
    for row in built(fact_subscription_month.MART, business, as_of):
        closing[row["tenant_id"], row["month"], row["currency"]] += row["closing_mrr"]
    months = built(subscription_monthly.MART, business, as_of)
    assert {tuple(row[c] for c in subscription_monthly.MART.key): row["closing_mrr"] for row in months} == {
        tuple(row[c] for c in subscription_monthly.MART.key): closing[
            tuple(row[c] for c in subscription_monthly.MART.key)
        ]
        for row in months
    }
