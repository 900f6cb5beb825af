"""Every entity's clean function: a row before, and the derived values after."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core import silver
from lakehouse_core.contracts import CONTRACTS, Contract
from lakehouse_core.errors import ContractBroken
from lakehouse_core.testing import assert_frames_equal

Rows = Callable[[Contract, Sequence[Mapping[str, Any]]], DataFrame]
Case = tuple[str, dict[str, Any], dict[str, Any]]  # title, before, after

D = Decimal
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC).replace(tzinfo=None)
SETTINGS = '{"plan_type": "pro", "timezone": "UTC", "currency": "EUR", "locale": "de_DE", "features": ["sso", "api"]}'
BIG = D("9999999999.99")

CASES: dict[str, list[Case]] = {
    "tenant": [
        (
            "settings are taken apart",
            {"settings": SETTINGS},
            {
                "plan_type": "pro",
                "timezone": "UTC",
                "currency": "EUR",
                "locale": "de_DE",
                "features": ["sso", "api"],
                "settings_is_valid": True,
            },
        ),
        (
            "a number where a text belongs is no text, the rest stays",
            {"settings": SETTINGS.replace('"pro"', "5")},
            {"plan_type": None, "currency": "EUR", "settings_is_valid": False},
        ),
        (
            "a text where a list belongs is no list, the rest stays",
            {"settings": SETTINGS.replace('["sso", "api"]', '"sso"')},
            {"features": None, "currency": "EUR", "settings_is_valid": False},
        ),
        ("a JSON null is no text", {"settings": SETTINGS.replace('"EUR"', "null")}, {"settings_is_valid": False}),
        ("a list", {"settings": f"[{SETTINGS}]"}, {"currency": None, "settings_is_valid": False}),
        ("a text", {"settings": '"pro"'}, {"plan_type": None, "settings_is_valid": False}),
        ("an empty object", {"settings": "{}"}, {"features": None, "settings_is_valid": False}),
        ("broken JSON", {"settings": '{"plan_type":'}, {"plan_type": None, "settings_is_valid": False}),
        ("empty", {"settings": ""}, {"plan_type": None, "settings_is_valid": False}),
        ("no features are a list too", {"settings": SETTINGS.replace('"sso", "api"', "")}, {"settings_is_valid": True}),
        ("10,000 deep", {"settings": "[" * 10_000 + "]" * 10_000}, {"settings_is_valid": False}),
        (
            "a domain in its one form",
            {"domain": "Münster.Example"},
            {"domain_normalized": "xn--mnster-3ya.example", "domain_is_valid": True},
        ),
        ("no domain", {"domain": "not a domain"}, {"domain_normalized": None, "domain_is_valid": False}),
    ],
    "customer": [
        (
            "an address and a number",
            {"email": "Ann+x@EXAMPLE.com", "phone": "030 123456", "country": "DE"},
            {
                "email_normalized": "Ann+x@example.com",
                "email_key": "ann+x@example.com",
                "email_is_valid": True,
                "phone_e164": "+4930123456",
                "phone_is_valid": True,
            },
        ),
        (
            "neither is valid",
            {"email": "ann@", "phone": "12", "country": "DE"},
            {
                "email_normalized": None,
                "email_key": None,
                "email_is_valid": False,
                "phone_e164": None,
                "phone_is_valid": False,
            },
        ),
        (
            "no number given",
            {"email": "a@example.com", "phone": "", "country": "DE"},
            {"phone_e164": None, "phone_is_valid": None},
        ),
    ],
    "product": [
        (
            "category and margin",
            {"category": " Home  &\tGARDEN ", "price": D("10.00"), "cost": D("12.50")},
            {"category_normalized": "home_garden", "price_is_valid": True, "margin": D("-2.50")},
        ),
        ("an unknown category", {"category": "Dragons"}, {"category_normalized": None}),
        ("an empty category", {"category": ""}, {"category_normalized": None}),
        ("a price of nothing is a price", {"price": D(0)}, {"price_is_valid": True}),
        (
            "a negative price",
            {"price": D("-0.01"), "cost": BIG},
            {"price_is_valid": False, "margin": D("-10000000000.00")},
        ),
    ],
    "order": [
        (
            "each step is rounded half-up",
            {
                "subtotal": D("10.10"),
                "discount_percent": D("5.00"),
                "tax_rate": D("0.0825"),
                "shipping_amount": D("4.99"),
                "total_amount": D("15.37"),
            },
            {
                "discount_amount": D("0.51"),  # 0.505
                "taxable_amount": D("9.59"),
                "tax_amount": D("0.79"),  # 0.791175
                "expected_total": D("15.37"),
                "total_matches": True,
            },
        ),
        (
            "a cent too much",
            {
                "subtotal": D("10.00"),
                "discount_percent": D(0),
                "tax_rate": D(0),
                "shipping_amount": D(0),
                "total_amount": D("10.01"),
            },
            {"expected_total": D("10.00"), "total_matches": False},
        ),
        (
            "a half below zero goes away from zero",
            {"subtotal": D("-10.10"), "discount_percent": D("5.00")},
            {"discount_amount": D("-0.51"), "taxable_amount": D("-9.59"), "total_matches": None},
        ),
        (
            "the largest amounts do not overflow",
            {
                "subtotal": BIG,
                "discount_percent": D("-999.99"),
                "tax_rate": D("99.9999"),
                "shipping_amount": BIG,
                "total_amount": BIG,
            },
            {"discount_amount": D("-99998999999.90"), "taxable_amount": D("109998999999.89"), "total_matches": False},
        ),
    ],
    "order_item": [
        (
            "the line adds up",
            {"quantity": 3, "unit_price": D("19.99"), "line_total": D("59.97")},
            {"expected_line_total": D("59.97"), "quantity_is_valid": True, "total_matches": True},
        ),
        (
            "nothing was ordered",
            {"quantity": 0, "unit_price": D("19.99"), "line_total": D("19.99")},
            {"expected_line_total": D("0.00"), "quantity_is_valid": False, "total_matches": False},
        ),
        (
            "the largest amounts do not overflow",
            {"quantity": 2_147_483_647, "unit_price": BIG, "line_total": BIG},
            {"expected_line_total": D("21474836469978525163.53"), "total_matches": False},
        ),
    ],
    "event": [
        (
            "metadata is taken apart",
            {
                "metadata": '{"page": "/a", "device": "mobile", "referrer": "news", "product_id": 7, "order_id": 8, '
                '"utm": {"source": "s", "medium": "m", "campaign": "c"}}'
            },
            {
                "page": "/a",
                "referrer": "news",
                "device": "mobile",
                "product_id": 7,
                "order_id": 8,
                "utm_source": "s",
                "utm_medium": "m",
                "utm_campaign": "c",
                "metadata_is_valid": True,
            },
        ),
        (
            "what need not be there",
            {"metadata": '{"page": "", "device": "x"}'},
            {"page": "", "product_id": None, "utm_source": None, "metadata_is_valid": True},
        ),
        (
            "a page that is a number, though a nested one is a text",
            {"metadata": '{"page": 5, "device": "x", "utm": {"page": "/a"}}'},
            {"page": None, "device": "x", "metadata_is_valid": False},
        ),
        (
            "ids of another kind are no ids",
            {
                "metadata": '{"page": "/a", "device": "x", "product_id": "7", "order_id": 99999999999999999999, "utm": {"source": "s"}}'
            },
            {"page": "/a", "product_id": None, "order_id": None, "utm_source": "s", "metadata_is_valid": True},
        ),
        (
            "a quote in a text",
            {"metadata": '{"page": "a\\"b", "device": "é"}'},
            {"page": 'a"b', "device": "é", "metadata_is_valid": True},
        ),
        ("no device", {"metadata": '{"page": "/a"}'}, {"page": "/a", "metadata_is_valid": False}),
        (
            "a page of objects",
            {"metadata": '{"page": {"page": "x"}, "device": "x"}'},
            {"page": None, "metadata_is_valid": False},
        ),
        ("a list", {"metadata": '["page", "device"]'}, {"page": None, "metadata_is_valid": False}),
        (
            "a text that holds an object",
            {"metadata": '"{\\"page\\": \\"/a\\"}"'},
            {"page": None, "metadata_is_valid": False},
        ),
        ("an empty object", {"metadata": "{}"}, {"metadata_is_valid": False}),
        (
            "two objects",
            {"metadata": '{"page":"a","device":"b"},{"page":"a","device":"b"}'},
            {"metadata_is_valid": False},
        ),
    ],
    "subscription": [
        (
            "by month",
            {"status": "active", "billing_interval": "month", "quantity": 3, "unit_amount": D("9.99")},
            {"mrr_amount": D("29.97"), "is_churned": False, "churned_at": None},
        ),
        (
            "by year, half-up",
            {"status": "active", "billing_interval": "year", "quantity": 1, "unit_amount": D("100.50")},
            {"mrr_amount": D("8.38")},  # 8.375
        ),
        (
            "by week, which no rule knows, counts as it is",
            {"status": "active", "billing_interval": "week", "quantity": 1, "unit_amount": D(1)},
            {"mrr_amount": D("1.00")},
        ),
        (
            "a request to cancel is no churn yet",
            {"status": "active", "cancelled_at": NOON},
            {"is_churned": False, "churned_at": None},
        ),
        ("an end is", {"status": "cancelled", "ended_at": NOON}, {"is_churned": True, "churned_at": NOON}),
        (
            "the largest amounts do not overflow",
            {"status": "active", "billing_interval": "year", "quantity": 2_147_483_647, "unit_amount": BIG},
            {"mrr_amount": D("1789569705831543763.63")},
        ),
    ],
    "invoice": [
        (
            "paid in full",
            {"status": "paid", "amount_due": D(10), "amount_paid": D(10), "paid_at": NOON},
            {"balance": D("0.00"), "status_is_consistent": True},
        ),
        (
            "paid in part",
            {"status": "paid", "amount_due": D(10), "amount_paid": D(4), "paid_at": NOON},
            {"balance": D("6.00"), "status_is_consistent": False},
        ),
        (
            "paid, but never",
            {"status": "paid", "amount_due": D(10), "amount_paid": D(10)},
            {"status_is_consistent": False},
        ),
        ("open", {"status": "open", "amount_due": D(10), "amount_paid": D(0)}, {"status_is_consistent": True}),
        (
            "open, but paid",
            {"status": "open", "amount_due": D(10), "amount_paid": D(10), "paid_at": NOON},
            {"status_is_consistent": False},
        ),
        (
            "open and overpaid",
            {"status": "open", "amount_due": -BIG, "amount_paid": BIG},
            {"balance": D("-19999999999.98")},
        ),
        ("void", {"status": "void", "amount_due": D(10), "amount_paid": D(0)}, {"status_is_consistent": True}),
        (
            "void, but paid",
            {"status": "void", "amount_due": D(10), "amount_paid": D(1)},
            {"status_is_consistent": False},
        ),
    ],
}


@pytest.mark.usefixtures("ansi")
@pytest.mark.parametrize("entity", CASES)
def test_derived_values(rows: Rows, entity: str) -> None:
    """What clean derives from each case is what the data model says, with ANSI and without."""
    cases = CASES[entity]
    cleaned = silver.CLEAN[entity](rows(CONTRACTS[entity], [before for _, before, _ in cases]))
    found = {row["id"]: row.asDict() for row in cleaned.collect()}
    assert {
        title: {name: found[place][name] for name in after} for place, (title, _, after) in enumerate(cases, start=1)
    } == {title: after for title, _, after in cases}


@pytest.mark.parametrize("entity", silver.CLEAN)
def test_a_tombstone_passes_and_derives_nothing(rows: Rows, entity: str) -> None:
    """A row of nothing but its key keeps its technical columns, and every derived column is NULL."""
    tombstone = rows(CONTRACTS[entity], [{"id": 7}]).withColumn("_op", F.lit("D"))
    (row,) = silver.CLEAN[entity](tombstone).collect()
    assert {name: value for name, value in row.asDict().items() if value is not None} == {"id": 7, "_op": "D"}


@pytest.mark.parametrize("entity", silver.CLEAN)
def test_columns_are_those_of_the_contract(rows: Rows, entity: str) -> None:
    """Clean adds the contract's derived columns, in their order and types, after what was there."""
    contract = CONTRACTS[entity]
    before = rows(contract, []).withColumn("_position", F.lit("x"))
    types = [(name, kind) for name, kind in silver.CLEAN[entity](before).dtypes]
    assert types == [*before.dtypes, *((column.name, column.type) for column in contract.derived if column.of_row)]


def test_cleaning_twice_changes_nothing(rows: Rows) -> None:
    """Derived columns are replaced, not doubled."""
    once = silver.order.clean(rows(CONTRACTS["order"], [{"subtotal": D(1)}]))
    assert_frames_equal(silver.order.clean(once), once, key=["id"])


def test_a_broken_contract_is_named(rows: Rows) -> None:
    """A missing and a wrongly typed column are both in the message, with what was expected and what came."""
    frame = rows(CONTRACTS["order"], []).drop("currency").withColumn("subtotal", F.lit("1.00"))
    with pytest.raises(ContractBroken) as error:
        silver.order.clean(frame)
    assert "subtotal: expected decimal(12,2), got string" in error.value.message
    assert "currency: expected string, got no such column" in error.value.message
