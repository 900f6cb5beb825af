"""Acquisition, retention and lifetime value, worked out by hand."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from gold_support import Case, at, money, rate, version

from lakehouse_core.gold import customer_acquisition, customer_ltv, customer_retention
from lakehouse_core.gold.periods import NaiveInstant

AS_OF = at("2026-04-10T12:00")


def order(customer: int, when: str, total: str = "10", **other: Any) -> dict[str, Any]:
    """A completed order of tenant 1 in US dollars."""
    plain = {"tenant_id": 1, "status": "completed", "currency": "USD"}
    return {"customer_id": customer, "order_date": at(when), "total_amount": money(total)} | plain | other


def test_acquisition_counts_sign_ups_and_first_completed_orders(check: Callable[[Case], None]) -> None:
    """A late buyer counts in two months; a cancelled first order does not count; an orphan's order does."""
    check(
        Case(
            customer_acquisition.MART,
            AS_OF,
            ("tenant_id", "month", "new_customers", "first_time_buyers", "is_complete"),
            {
                "customers": [{"id": i, "tenant_id": 1, "created_at": at("2026-01-31T23:00")} for i in (1, 2)],
                "orders": [
                    order(1, "2026-02-01T00:00", status="cancelled"),
                    order(1, "2026-04-02T00:00"),
                    order(1, "2026-04-03T00:00"),
                    order(99, "2026-01-05T00:00"),
                ],
            },
            [(1, date(2026, 1, 1), 2, 1, True), (1, date(2026, 4, 1), 0, 1, False)],
        )
    )


def test_retention_is_dense_and_keeps_zeros(check: Callable[[Case], None]) -> None:
    """Months without an order are zeros up to as_of's month; an order after as_of's month opens no cohort."""
    check(
        Case(
            customer_retention.MART,
            AS_OF,
            ("cohort_month", "months_since", "cohort_size", "active_customers", "retention_rate", "is_complete"),
            {
                "orders": [
                    order(1, "2026-02-01T00:00"),
                    order(1, "2026-02-05T00:00"),
                    order(2, "2026-02-28T23:59"),
                    order(3, "2026-02-11T00:00"),
                    order(2, "2026-04-01T00:00"),
                    order(3, "2026-03-01T00:00", status="refunded"),
                    order(4, "2026-05-01T00:00"),
                ]
            },
            [
                (date(2026, 2, 1), 0, 3, 3, rate("1"), True),
                (date(2026, 2, 1), 1, 3, 0, rate("0"), True),
                (date(2026, 2, 1), 2, 3, 1, rate("0.333333"), False),
            ],
        )
    )


def test_lifetime_value(check: Callable[[Case], None]) -> None:
    """Zeros for who never ordered; a prediction only for subscribers, in the tenant's currency, from the first payment."""
    created = at("2026-01-10T12:00:01")
    terms = {"tenant_id": 1, "billing_interval": "month", "quantity": 1, "unit_amount": money("10")}
    check(
        Case(
            customer_ltv.MART,
            AS_OF,
            ("customer_id", "currency", "orders", "ltv", "average_order_value", "tenure_days", "predicted_ltv"),
            {
                "tenants": [{"id": 1, "settings": '{"currency": "USD"}'}],
                "customers": [{"id": i, "tenant_id": 1, "created_at": created} for i in (1, 2, 3, 4)],
                "orders": [
                    order(2, "2026-03-01T00:00", "20.01"),
                    order(2, "2026-03-02T00:00", "20.02"),
                    order(2, "2026-03-02T00:00", "5", status="refunded"),
                    order(3, "2026-03-11T00:00", "70", currency="EUR"),
                ],
                "invoices": [
                    {"customer_id": 3, "amount_paid": money("30"), "paid_at": at("2026-02-10T12:00:01")},
                    {"customer_id": 3, "amount_paid": money("0"), "paid_at": None},
                    {"customer_id": 4, "amount_paid": money("30"), "paid_at": at("2026-04-09T00:00")},
                ],
                # Opening subscribers and churned: January 0, February 2 and 1, March 1 and 0.
                "subscription_version": [
                    version(1, "2026-04-01T00:00", id=1, customer_id=3, started_at=at("2026-01-15T00:00"), **terms),
                    version(
                        2,
                        "2026-04-01T00:00",
                        id=2,
                        customer_id=4,
                        started_at=at("2026-01-15T00:00"),
                        ended_at=at("2026-02-15T00:00"),
                        **terms,
                    ),
                ],
            },
            [
                (1, "USD", 0, money("0"), None, 89, None),
                (2, "USD", 2, money("40.03"), money("20.02"), 89, None),
                (3, "EUR", 1, money("70"), money("70"), 89, None),
                # Mean churn of February (1/2) and March (0): 0.25; one whole month since February 10th, a second short of two.
                (3, "USD", 0, money("0"), None, 89, money("120")),
                # Paid a day ago: counted as one month.
                (4, "USD", 0, money("0"), None, 89, money("120")),
            ],
        )
    )


def test_a_moment_without_a_zone_is_refused(check: Callable[[Case], None]) -> None:
    """as_of must say which day it is."""
    with pytest.raises(NaiveInstant, match="no time zone"):
        check(Case(customer_retention.MART, AS_OF.replace(tzinfo=None), (), {}, []))
