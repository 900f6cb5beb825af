"""Invoice ageing, worked out by hand."""

from collections.abc import Callable
from datetime import date
from typing import Any

from gold_support import Case, at, money, version

from lakehouse_core.gold import invoice_aging


def invoice(position: int, i: int, status: str, when: str = "2026-03-05T00:00", **other: Any) -> dict[str, Any]:
    """A version of an invoice over 100, issued and due on January 10th, of which nothing is paid."""
    amounts = {"amount_due": money("100"), "amount_paid": money("0")}
    dates = {"issued_at": at("2026-01-10T00:00"), "due_date": date(2026, 1, 10)}
    return version(position, when, id=i, tenant_id=1, status=status, **(amounts | dates | other))


def test_aging(check: Callable[[Case], None]) -> None:
    """By the version at the date, payments after it not counted, bucket edges, drafts and voids left out."""
    check(
        Case(
            invoice_aging.MART,
            at("2026-03-10T12:00"),
            ("as_of_date", "aging_bucket", "currency", "invoices", "balance", "is_complete"),
            {
                "tenants": [{"id": 1, "settings": '{"currency": "USD"}'}],
                "invoice_version": [
                    # 1 was paid on the first of February, so it was open in January.
                    invoice(1, 1, "paid", amount_paid=money("100"), paid_at=at("2026-02-01T00:00")),
                    # 2 is still open at the end of February by its first version, and written off in March: still owed.
                    invoice(2, 2, "open"),
                    invoice(3, 2, "uncollectible", "2026-03-08T00:00"),
                    # 3 is paid in part, at a time that counts from February on.
                    invoice(4, 3, "open", amount_paid=money("40"), paid_at=at("2026-02-10T00:00")),
                    # 4 is issued at the first instant of March and due at as_of; 5 is a draft, 6 void, 7 deleted.
                    invoice(5, 4, "open", issued_at=at("2026-03-01T00:00"), due_date=date(2026, 3, 10)),
                    invoice(6, 5, "draft"),
                    invoice(7, 6, "void"),
                    invoice(8, 7, "open"),
                    version(9, "2026-03-09T00:00", "D", id=7),
                    # 8 and 9 are 30 and 31 days past due at the end of February.
                    invoice(10, 8, "open", due_date=date(2026, 1, 29)),
                    invoice(11, 9, "open", due_date=date(2026, 1, 28)),
                    invoice(12, 10, "open", due_date=date(2025, 12, 2)),
                ],
            },
            [
                (date(2026, 1, 31), "1-30", "USD", 6, money("600"), True),
                (date(2026, 1, 31), "31-60", "USD", 1, money("100"), True),
                (date(2026, 2, 28), "1-30", "USD", 1, money("100"), True),
                (date(2026, 2, 28), "31-60", "USD", 4, money("360"), True),
                (date(2026, 2, 28), "61-90", "USD", 1, money("100"), True),
                (date(2026, 3, 10), "31-60", "USD", 4, money("360"), False),
                (date(2026, 3, 10), "90+", "USD", 1, money("100"), False),
                (date(2026, 3, 10), "current", "USD", 1, money("100"), False),
            ],
        )
    )
