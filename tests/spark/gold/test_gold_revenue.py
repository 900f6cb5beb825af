"""Revenue by day and month, worked out by hand."""

from collections.abc import Callable
from datetime import date
from itertools import count
from typing import Any

from gold_support import Case, at, money, rate

from lakehouse_core.gold import revenue_daily, revenue_monthly

AS_OF = at("2026-03-10T12:00")
_ids = count(1)


def order(when: str, subtotal: str = "100", **other: Any) -> dict[str, Any]:
    """A completed order in US dollars without tax, discount or shipping, total 10 above the subtotal."""
    plain = {"status": "completed", "currency": "USD", "customer_id": 1, "tenant_id": 1, "tax_rate": rate("0")}
    nothing = {"discount_percent": money("0"), "shipping_amount": money("0")}
    amounts = {"subtotal": money(subtotal), "total_amount": money(subtotal) + 10}
    return {"id": next(_ids), "order_date": at(when)} | plain | nothing | amounts | other


def test_daily_revenue(check: Callable[[Case], None]) -> None:
    """UTC days, currencies apart, only completed orders, distinct customers, half a cent up, an open day."""
    check(
        Case(
            revenue_daily.MART,
            AS_OF,
            (
                "revenue_date",
                "currency",
                "order_count",
                "customer_count",
                "gross_revenue",
                "net_revenue",
                "discount_amount",
                "tax_amount",
                "average_order_value",
                "is_complete",
            ),
            {
                "orders": [
                    order("2026-01-31T23:59:59.999999"),
                    order("2026-01-31T00:00", "0.01", total_amount=money("0.01")),
                    order("2026-01-31T12:00", status="refunded"),
                    order("2026-01-31T12:00", status="cancelled"),
                    order("2026-01-31T12:00", "99.99", currency="EUR", customer_id=2, discount_percent=money("12.5")),
                    order("2026-02-01T00:00", customer_id=2, tax_rate=rate("0.0825")),
                    order("2026-03-10T01:00"),
                ]
            },
            [
                # 12.5 % of 99.99 is 12.49875
                (
                    date(2026, 1, 31),
                    "EUR",
                    1,
                    1,
                    money("109.99"),
                    money("87.49"),
                    money("12.50"),
                    money("0"),
                    money("109.99"),
                    True,
                ),
                # (110 + 0.01) / 2 = 55.005
                (
                    date(2026, 1, 31),
                    "USD",
                    2,
                    1,
                    money("110.01"),
                    money("100.01"),
                    money("0"),
                    money("0"),
                    money("55.01"),
                    True,
                ),
                (
                    date(2026, 2, 1),
                    "USD",
                    1,
                    1,
                    money("110"),
                    money("100"),
                    money("0"),
                    money("8.25"),
                    money("110"),
                    True,
                ),
                (
                    date(2026, 3, 10),
                    "USD",
                    1,
                    1,
                    money("110"),
                    money("100"),
                    money("0"),
                    money("0"),
                    money("110"),
                    False,
                ),
            ],
        )
    )


def test_monthly_growth(check: Callable[[Case], None]) -> None:
    """Growth on the month before; none after an empty month, none into a month that is not over."""
    given = [
        order("2025-10-05T00:00", "190"),
        order("2025-11-05T00:00", "90", customer_id=2),
        order("2025-11-06T00:00", "290", currency="EUR"),
        order("2026-01-05T00:00", "90"),
        order("2026-02-28T23:00", "140"),
        order("2026-03-01T00:00", "140"),
    ]
    check(
        Case(
            revenue_monthly.MART,
            AS_OF,
            ("month", "currency", "gross_revenue", "gross_revenue_growth", "is_complete"),
            {"orders": given},
            [
                (date(2025, 10, 1), "USD", money("200"), None, True),
                (date(2025, 11, 1), "EUR", money("300"), None, True),
                (date(2025, 11, 1), "USD", money("100"), rate("-0.5"), True),
                (date(2026, 1, 1), "USD", money("100"), None, True),
                (date(2026, 2, 1), "USD", money("150"), rate("0.5"), True),
                (date(2026, 3, 1), "USD", money("150"), None, False),
            ],
        )
    )
