"""Every rule finds exactly what was planted for it, judged without the lake's own code for frames."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lakehouse_core.contracts import CONTRACTS
from lakehouse_core.people.checks import check_domain, check_email, check_phone
from source_app.core.amounts import order_total
from source_app.generate.defects import RATES

Row = dict[str, Any]
KNOWN_CATEGORIES = dict(CONTRACTS["product"].category_mapping)
STATUSES = {
    "order": {"pending", "processing", "completed", "cancelled", "refunded"},
    "subscription": {"trialing", "active", "past_due", "cancelled"},
    "invoice": {"draft", "open", "paid", "void", "uncollectible"},
}
EVENT_TYPES = set(
    "page_view product_view add_to_cart checkout_started purchase signup login support_ticket".split()  # noqa: SIM905
)
SETTINGS = {"plan_type": str, "timezone": str, "currency": str, "locale": str, "features": list}


def shaped(text: str, kinds: dict[str, type]) -> bool:
    """Whether JSON text is an object with these fields of these kinds."""
    value = json.loads(text)
    return isinstance(value, dict) and all(isinstance(value.get(name), kind) for name, kind in kinds.items())


def category(text: str) -> str:
    """A category as the mapping writes it."""
    return re.sub(r"[\W_]+", " ", text.lower()).strip()


def total(row: Row) -> bool:
    """Whether an order's total follows from its parts."""
    parts = (Decimal(row[name]) for name in ("subtotal", "discount_percent", "tax_rate", "shipping_amount"))
    return order_total(*parts) == Decimal(row["total_amount"])


def consistent(row: Row) -> bool:
    """Whether an invoice's status, payment time and amounts agree."""
    settled = row["paid_at"] is not None and Decimal(row["amount_paid"]) == Decimal(row["amount_due"])
    return (row["status"] == "paid") == settled and (row["status"] != "void" or Decimal(row["amount_paid"]) == 0)


def line_total(row: Row) -> bool:
    """Whether a line's total is quantity times unit price."""
    return int(row["quantity"]) * Decimal(row["unit_price"]) == Decimal(row["line_total"])


HOLDS: dict[str, Callable[[Row], object]] = {
    "tenant.domain_valid": lambda row: check_domain(row["domain"]).is_valid,
    "tenant.settings_shape": lambda row: shaped(row["settings"], SETTINGS),
    "customer.email_valid": lambda row: check_email(row["email"]).is_valid,
    "customer.phone_valid": lambda row: row["phone"] == "" or check_phone(row["phone"], row["country"]).is_valid,
    "product.price_valid": lambda row: Decimal(row["price"]) >= 0,
    "product.category_known": lambda row: category(row["category"]) in KNOWN_CATEGORIES,
    "order.status_known": lambda row: row["status"] in STATUSES["order"],
    "order.total_matches": total,
    "order_item.quantity_valid": lambda row: int(row["quantity"]) > 0,
    "order_item.total_matches": line_total,
    "event.type_known": lambda row: row["event_type"] in EVENT_TYPES,
    "event.metadata_shape": lambda row: shaped(row["metadata"], {"page": str, "device": str}),
    "subscription.status_known": lambda row: row["status"] in STATUSES["subscription"],
    "subscription.interval_known": lambda row: row["billing_interval"] in {"month", "year"},
    "subscription.amount_valid": lambda row: int(row["quantity"]) > 0 and Decimal(row["unit_amount"]) >= 0,
    "invoice.status_known": lambda row: row["status"] in STATUSES["invoice"],
    "invoice.status_consistent": consistent,
}


def broken(tables: dict[str, list[Row]]) -> Iterator[tuple[str, int]]:
    """Each (rule, id) that fails."""
    addresses: Counter[tuple[str, str | None]] = Counter(
        (row["tenant_id"], check_email(row["email"]).normalized) for row in tables["core_customer"]
    )
    for contract in CONTRACTS.values():
        for rule in contract.rules:
            for row in tables[contract.table]:
                if rule.id == "customer.email_unique":
                    written = check_email(row["email"]).normalized
                    holds = written is None or addresses[row["tenant_id"], written] == 1
                elif rule.id.endswith("_exists"):
                    parent = CONTRACTS[rule.check.entity].table  # type: ignore[union-attr]
                    key = row[rule.check.column]  # type: ignore[union-attr]
                    holds = key is None or int(key) <= len(tables[parent])
                else:
                    holds = bool(HOLDS[rule.id](row))
                if not holds:
                    yield rule.id, int(row["id"])


def test_manifest_has_the_contracts_rules() -> None:
    """The rules that defects are planted for are all rules of all contracts, and no others."""
    assert set(RATES) == {rule.id for contract in CONTRACTS.values() for rule in contract.rules}


@pytest.mark.parametrize("seed", [7, 1, 42])
def test_rules_find_exactly_what_was_planted(
    seed: int, seeds: Callable[[int], Path], rows_of: Callable[[int], dict[str, list[Row]]]
) -> None:
    """Each rule fails on the rows of the manifest and on no others; each rule has at least one."""
    manifest = json.loads((seeds(seed) / "defects.json").read_text())
    planted = {(rule, defect["id"]) for rule, defects in manifest.items() for defect in defects}
    assert set(broken(rows_of(seed))) == planted
    assert all(manifest.values())


def test_manifest_names_tables(seeds: Callable[[int], Path]) -> None:
    """A defect stands with the table of its rule, and no row is spoiled twice."""
    manifest = json.loads((seeds(7) / "defects.json").read_text())
    tables = {rule.id: contract.table for contract in CONTRACTS.values() for rule in contract.rules}
    rows = [(defect["table"], defect["id"]) for defects in manifest.values() for defect in defects]
    assert len(rows) == len(set(rows))
    assert all(defect["table"] == tables[rule] for rule, defects in manifest.items() for defect in defects)
