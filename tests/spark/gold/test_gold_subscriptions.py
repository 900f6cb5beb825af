"""MRR movements, worked out by hand."""

from collections.abc import Callable
from datetime import date
from typing import Any

from gold_support import Case, at, money, rate, version

from lakehouse_core.gold import subscription_monthly

AS_OF = at("2026-04-10T12:00")
LOAD = "2026-03-10T00:00"
USD = {"tenants": [{"id": 1, "settings": '{"currency": "USD"}'}]}


def plan(position: int, customer: int, start: str, when: str = LOAD, op: str = "I", **other: Any) -> dict[str, Any]:
    """A version of the customer's subscription for 10 a month."""
    plain = {"id": customer, "tenant_id": 1, "billing_interval": "month", "quantity": 1, "unit_amount": money("10")}
    return version(position, when, op, **(plain | {"customer_id": customer, "started_at": at(start)} | other))


def test_movements(check: Callable[[Case], None]) -> None:
    """Trial, yearly price, churn and return, up and down within the captured history, a delete; each row adds up."""
    movements = ("opening_mrr", "new_mrr", "expansion_mrr", "contraction_mrr", "churned_mrr", "reactivation_mrr")
    check(
        Case(
            subscription_monthly.MART,
            AS_OF,
            ("month", *movements, "closing_mrr", "active_subscribers", "arpu", "customer_churn_rate", "is_complete"),
            USD
            | {
                "subscription_version": [
                    # 1 pays from the end of the trial: February, not January.
                    plan(1, 1, "2026-01-20T00:00", trial_end_at=at("2026-02-19T00:00")),
                    # 2 pays 100.01 a year = 8.334 a month, for January and a part of February, and comes back in April.
                    plan(
                        2,
                        2,
                        "2026-01-05T00:00",
                        billing_interval="year",
                        unit_amount=money("100.01"),
                        ended_at=at("2026-02-05T00:00"),
                    ),
                    plan(3, 2, "2026-04-01T00:01", id=20, when="2026-04-01T00:01"),
                    # 3 pays 10, then 30 from late March, and the later of two versions at one instant: 25 in April.
                    plan(4, 3, "2026-01-31T00:00"),
                    plan(5, 3, "2026-01-31T00:00", "2026-03-20T00:00", "U", quantity=3),
                    plan(6, 3, "2026-01-31T00:00", "2026-04-02T00:00", "U", quantity=9),
                    plan(7, 3, "2026-01-31T00:00", "2026-04-02T00:00", "U", unit_amount=money("25")),
                    # 4 is deleted in April; 5 never is more than a trial; 6 begins and ends within March.
                    plan(8, 4, "2026-03-01T00:01"),
                    version(9, "2026-04-03T00:00", "D", id=4),
                    plan(
                        10, 5, "2026-01-01T00:00", trial_end_at=at("2026-03-01T00:00"), ended_at=at("2026-02-01T00:00")
                    ),
                    plan(11, 6, "2026-03-02T00:00", ended_at=at("2026-03-03T00:00")),
                ]
            },
            [
                (
                    date(2026, 1, 1),
                    *map(money, ("0", "18.33", "0", "0", "0", "0", "18.33")),
                    2,
                    money("9.17"),
                    None,
                    True,
                ),
                (
                    date(2026, 2, 1),
                    *map(money, ("18.33", "10", "0", "0", "-8.33", "0", "20")),
                    2,
                    money("10"),
                    rate("0.5"),
                    True,
                ),
                (
                    date(2026, 3, 1),
                    *map(money, ("20", "10", "20", "0", "0", "0", "50")),
                    3,
                    money("16.67"),
                    rate("0"),
                    True,
                ),
                (
                    date(2026, 4, 1),
                    *map(money, ("50", "0", "0", "-5", "-10", "10", "45")),
                    3,
                    money("15"),
                    rate("0.333333"),
                    False,
                ),
            ],
        )
    )


def test_months_without_revenue_stay(check: Callable[[Case], None]) -> None:
    """After its only customer left a tenant has rows of zeros, with rates of nothing NULL."""
    check(
        Case(
            subscription_monthly.MART,
            AS_OF,
            ("month", "closing_mrr", "arpu", "customer_churn_rate", "gross_mrr_churn_rate", "net_mrr_churn_rate"),
            USD | {"subscription_version": [plan(1, 1, "2026-02-01T00:00", ended_at=at("2026-03-01T00:00"))]},
            [
                # What begins at the first instant of February is what January closes with.
                (date(2026, 1, 1), money("10"), money("10"), None, None, None),
                (date(2026, 2, 1), money("0"), None, rate("1"), rate("1"), rate("1")),
                (date(2026, 3, 1), money("0"), None, None, None, None),
                (date(2026, 4, 1), money("0"), None, None, None, None),
            ],
        )
    )
