"""The six months that a seed tells."""

import hashlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_app import history
from source_app.core.amounts import order_total
from source_app.errors import SeedCacheDamaged, UnknownScale
from source_app.generate.billing import add_months
from source_app.generate.cache import seed_files
from source_app.generate.orders import totals
from source_app.scales import SCALES, scale_named

Tables = Mapping[str, list[dict[str, Any]]]


def at(text: str) -> datetime:
    """An instant of a cell."""
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def small(rows_of: Callable[[int], Tables]) -> Tables:
    """The rows of the small seed 7."""
    return rows_of(7)


def test_medium_is_the_pocs() -> None:
    """Medium has the POC's 543,928 rows, large ten times as many."""
    assert SCALES["medium"].total == 543_928
    assert SCALES["large"].total == 5_439_280


def test_unknown_scale_says_what_there_is() -> None:
    """A scale that is none is a named error."""
    with pytest.raises(UnknownScale, match="small, medium, large"):
        scale_named("huge")


def test_exact_counts(small: Tables) -> None:
    """Each table has exactly the scale's rows, with ids from 1 on."""
    assert {table: len(rows) for table, rows in small.items()} == dict(SCALES["small"].by_table)
    assert all([int(row["id"]) for row in rows] == list(range(1, len(rows) + 1)) for rows in small.values())


def test_same_seed_same_bytes_in_another_process(seeds: Callable[[int], Path], tmp_path: Path) -> None:
    """A new process with another hash seed, time zone and folder writes the same bytes; another seed does not."""
    program = (
        "import sys; from pathlib import Path; from source_app import database; database.setup()\n"
        "from source_app.generate.cache import seed_files\n"
        "seed_files(Path(sys.argv[1]), 'small', 7, lambda *_: None)"
    )
    environ = {**os.environ, "PYTHONHASHSEED": "3", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, env=environ)

    def digests(folder: Path) -> dict[str, str]:
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}

    other = digests(next(tmp_path.iterdir()))
    assert other == digests(seeds(7))
    assert other["core_event.copy.gz"] != digests(seeds(1))["core_event.copy.gz"]


def test_everything_is_inside_the_six_months(small: Tables) -> None:
    """No row is made before the history or changed after it, and none is changed before it is made."""
    for rows in small.values():
        for row in rows:
            assert history.START <= at(row["created_at"]) <= at(row["updated_at"]) <= history.END


def test_orders_follow_sign_ups(small: Tables) -> None:
    """Nobody orders before being a customer of that tenant, and products are on sale when they are ordered."""
    customers = {row["id"]: row for row in small["core_customer"]}
    orders = {row["id"]: row for row in small["core_order"]}
    products = {row["id"]: row for row in small["core_product"]}
    for order in orders.values():
        customer = customers.get(order["customer_id"])
        assert customer is None or at(customer["created_at"]) <= at(order["order_date"])
    for item in small["core_orderitem"]:
        if item["order_id"] in orders and item["product_id"] in products:
            assert at(products[item["product_id"]]["created_at"]) <= at(orders[item["order_id"]]["order_date"])


def test_subtotals_equal_their_lines(small: Tables) -> None:
    """A subtotal is the sum of quantity times unit price of the order's lines."""
    lines: dict[str, Decimal] = defaultdict(Decimal)
    for item in small["core_orderitem"]:
        lines[item["order_id"]] += int(item["quantity"]) * Decimal(item["unit_price"])
    assert all(Decimal(order["subtotal"]) == lines[order["id"]] >= 0 for order in small["core_order"])


def test_sessions_lead_to_orders(small: Tables) -> None:
    """A purchase names an order of the same time, after a checkout of the same visitor; most visits end without one."""
    orders = {row["id"]: row for row in small["core_order"]}
    checkouts = {row["anonymous_id"] for row in small["core_event"] if row["event_type"] == "checkout_started"}
    purchases = 0
    for event in small["core_event"]:
        about = json.loads(event["metadata"])
        if isinstance(about, dict) and "order_id" in about and event["event_type"] == "purchase":
            purchases += 1
            assert event["occurred_at"] == orders[str(about["order_id"])]["order_date"]
            assert event["anonymous_id"] in checkouts
    visitors = {row["anonymous_id"] for row in small["core_event"]}
    assert 0.1 * len(orders) < purchases < 0.5 * len(visitors)


def test_some_metadata_is_large_and_some_events_are_late(small: Tables) -> None:
    """What PostgreSQL stores out of line, and what arrives long after it happened, is there from the start."""
    assert any(len(row["metadata"]) > 4_000 for row in small["core_event"])
    assert any((at(row["created_at"]) - at(row["occurred_at"])).total_seconds() > 3_600 for row in small["core_event"])


def test_subscriptions_end_when_cancelled(small: Tables) -> None:
    """Cancelled if and only if ended by the end of the history; trials, yearly and past due ones are there."""
    rows = small["core_subscription"]
    for row in rows:
        if row["status"] in {"trialing", "active", "past_due", "cancelled"}:
            assert (row["status"] == "cancelled") == (row["ended_at"] is not None)
        assert row["ended_at"] is None or at(row["cancelled_at"]) <= at(row["ended_at"]) <= history.END
    assert {"month", "year"} <= {row["billing_interval"] for row in rows}
    assert any(row["trial_end_at"] for row in rows)


def test_invoices_follow_subscriptions(small: Tables) -> None:
    """An invoice is issued while its subscription is paid for, to its customer."""
    subscriptions = {row["id"]: row for row in small["core_subscription"]}
    for invoice in small["core_invoice"]:
        subscription = subscriptions.get(invoice["subscription_id"])
        if subscription is not None:
            assert at(invoice["issued_at"]) >= at(subscription["trial_end_at"] or subscription["started_at"])
            assert subscription["ended_at"] is None or at(invoice["issued_at"]) < at(subscription["ended_at"])
            assert invoice["tenant_id"] == subscription["tenant_id"]


def test_a_broken_cache_is_named(tmp_path: Path) -> None:
    """A folder that is no whole seed is an error that says what to remove."""
    (tmp_path / f"small-7-v{history.VERSION}").mkdir()
    with pytest.raises(SeedCacheDamaged, match="not a whole seed"):
        seed_files(tmp_path, "small", 7, lambda *_: None)


@settings(deadline=None)
@given(
    subtotal=st.integers(0, 10**9),
    discount=st.integers(0, 10_000),
    tax=st.integers(0, 10_000),
    shipping=st.integers(0, 10_000),
)
def test_totals_in_cents_are_the_formula(subtotal: int, discount: int, tax: int, shipping: int) -> None:
    """The generator's integers and the application's decimals come to the same, for any order."""
    exact = order_total(
        Decimal(subtotal) / 100, Decimal(discount) / 100, Decimal(tax) / 10_000, Decimal(shipping) / 100
    )
    cents = totals(np.array([subtotal]), np.array([discount]), np.array([tax]), np.array([shipping]))
    assert exact * 100 == int(cents[0])


def test_a_month_later_may_be_shorter() -> None:
    """A subscription from the 31st is billed on the last day of shorter months, and on the 31st again."""
    start = datetime(2025, 1, 31, tzinfo=history.START.tzinfo)
    assert [add_months(start, n).day for n in range(4)] == [31, 28, 31, 30]
    assert add_months(start, 12).year == 2026
