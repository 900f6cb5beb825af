"""The funnel, worked out by hand."""

from collections.abc import Callable
from datetime import date
from itertools import count
from typing import Any

from gold_support import Case, at, rate

from lakehouse_core.gold import funnel_daily

_ids = count(1)
STEPS = ("page_view", "product_view", "add_to_cart", "checkout_started", "purchase")


def events(visitor: str, *seen: tuple[str, str], customer: int | None = None) -> list[dict[str, Any]]:
    """Events of an anonymous id, in the order of their keys."""
    who = {"tenant_id": 1, "anonymous_id": visitor, "customer_id": customer}
    return [{"id": next(_ids), "event_type": kind, "occurred_at": at(when), **who} for kind, when in seen]


def test_funnel(check: Callable[[Case], None]) -> None:
    """Steps in order and in seven days, one purchase for several days, two browsers of one customer as one person."""
    check(
        Case(
            funnel_daily.MART,
            at("2026-01-11T00:00"),
            (
                "event_date",
                *(f"{step}_persons" for step in STEPS),
                "product_view_rate",
                "conversion_rate",
                "is_complete",
            ),
            {
                "events": [
                    # All at one instant: the keys are the order. A day later the same purchase is out of reach.
                    *events("a", *((step, "2026-01-01T10:00") for step in STEPS), ("page_view", "2026-01-02T00:00")),
                    # Backwards: no step after the first follows it, and a cart without a product view is no cart.
                    *events("b", ("product_view", "2026-01-01T09:00"), ("page_view", "2026-01-01T10:00")),
                    *events("b", ("add_to_cart", "2026-01-01T10:30")),
                    # The cart on the seventh day, the checkout exactly seven days after the first view.
                    *events("c", ("page_view", "2026-01-01T12:00"), ("product_view", "2026-01-01T13:00")),
                    *events("c", ("add_to_cart", "2026-01-08T11:59:59"), ("checkout_started", "2026-01-08T12:00")),
                    # One customer, two browsers; the log-in tells who it was, later customers of the browser do not.
                    *events("d", ("page_view", "2026-01-03T12:00"), ("page_view", "2026-01-04T12:00")),
                    *events("d", ("login", "2026-01-05T12:00"), customer=7),
                    *events("d", ("login", "2026-01-05T13:00"), customer=8),
                    *events("e", ("page_view", "2026-01-03T13:00"), customer=7),
                    *events("e", *((step, "2026-01-05T14:00") for step in STEPS[1:])),
                    # A browser whose name is a customer's key is another person; no page view, no row.
                    *events("7", ("page_view", "2026-01-03T12:00")),
                    *events("f", ("purchase", "2026-01-09T12:00")),
                ]
            },
            [
                (date(2026, 1, 1), 3, 2, 2, 1, 1, rate("0.666667"), rate("0.333333"), True),
                (date(2026, 1, 2), 1, 0, 0, 0, 0, rate("0"), rate("0"), True),
                (date(2026, 1, 3), 2, 1, 1, 1, 1, rate("0.5"), rate("0.5"), True),
                (date(2026, 1, 4), 1, 1, 1, 1, 1, rate("1"), rate("1"), False),
            ],
        )
    )
