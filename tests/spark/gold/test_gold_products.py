"""Product performance, worked out by hand."""

from collections.abc import Callable
from typing import Any

from gold_support import Case, at, money, rate, version

from lakehouse_core.gold import product_performance

AS_OF = at("2026-03-11T00:00")


def sale(i: int, product: int, quantity: int, total: str, when: str, **other: Any) -> tuple[dict[str, Any], ...]:
    """A completed order with one item."""
    order = {"id": i, "tenant_id": 1, "status": "completed", "currency": "USD", "order_date": at(when)} | other
    return order, {"order_id": i, "product_id": product, "quantity": quantity, "line_total": money(total)}


def test_product_performance(check: Callable[[Case], None]) -> None:
    """Costs by time, back-cast before the first version, NULL across currencies; ties share a rank; turnover by time."""
    sales = [
        sale(1, 1, 2, "50", "2026-02-01T00:00"),  # before anything was captured: cost 4
        sale(2, 1, 1, "25", "2026-03-05T00:00"),  # cost 4
        sale(3, 1, 1, "25", "2026-03-06T00:00"),  # cost 6 from this instant on
        sale(4, 2, 1, "50", "2026-03-02T00:00"),
        sale(5, 3, 1, "20", "2026-03-02T00:00"),  # no such product was captured
        sale(6, 1, 1, "9", "2026-03-02T00:00", currency="EUR"),
        sale(7, 1, 9, "99", "2026-03-02T00:00", status="refunded"),
    ]
    check(
        Case(
            product_performance.MART,
            AS_OF,
            (
                "product_id",
                "currency",
                "units",
                "line_revenue",
                "cogs",
                "cost_is_backcast",
                "margin",
                "rank_in_tenant",
                "inventory_turnover",
                "stock_coverage_days",
                "is_complete",
            ),
            {
                "tenants": [{"id": 1, "settings": '{"currency": "USD"}'}],
                "orders": [order for order, _ in sales],
                "order_items": [item for _, item in sales],
                "product_version": [
                    version(1, "2026-03-01T00:00", "I", id=1, cost=money("4"), stock_quantity=10),
                    version(2, "2026-03-03T00:00", id=1, cost=money("4"), stock_quantity=5),
                    version(3, "2026-03-06T00:00", id=1, cost=money("6"), stock_quantity=5),
                    version(4, "2026-03-09T00:00", "D", id=1),
                    version(5, "2026-03-10T00:00:01", "I", id=2, cost=money("4"), stock_quantity=5),
                ],
            },
            [
                # Nothing of February is covered by a captured version.
                (1, "USD", 2, money("50"), money("8"), True, money("42"), 1, None, rate("0"), True),
                (1, "EUR", 1, money("9"), None, False, None, 1, None, rate("8"), False),
                # 40 for two days, 20 for three, 30 for three: 230 / 8 days; 10 / 28.75.
                (1, "USD", 2, money("50"), money("10"), False, money("40"), 1, rate("0.347826"), rate("8"), False),
                # Covered for a second less than a day.
                (2, "USD", 1, money("50"), money("4"), True, money("46"), 1, None, rate("0.999988"), False),
                (3, "USD", 1, money("20"), None, False, None, 2, None, rate("0"), False),
            ],
        )
    )
