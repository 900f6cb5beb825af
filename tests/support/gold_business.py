"""A small business, generated from a seed, that is full of what makes marts wrong."""

import csv
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random
from typing import Any

import duckdb

from lakehouse_core.contracts import contract

START = datetime(2026, 1, 1, tzinfo=UTC)
AS_OF = datetime(2026, 6, 28, 13, 45, 30, 123456, tzinfo=UTC)
LOAD = datetime(2026, 5, 20, 8, 0, tzinfo=UTC)
Tables = dict[str, list[tuple[Any, ...]]]
_CENT = Decimal("0.01")


def generate(*, customers: int, seed: int = 7) -> Tables:
    """The eight source tables and the five version tables; medium scale is customers=6400."""
    rnd = Random(seed)  # noqa: S311 - a test business, not a secret
    tenants = [_tenant(i) for i in range(1, 5)]
    buyers = [
        (i, 1 + i % 5, f"c{i}@example.org", "A", "B", "", "DE", "x", True, *_stamps(rnd))
        for i in range(1, customers + 1)
    ]
    products = _versions(rnd, [_product(rnd, i) for i in range(1, max(customers // 8, 6))], _moved_stock)
    subscriptions = _versions(
        rnd, [_subscription(rnd, i, customers) for i in range(1, customers * 3 // 10)], _replanned
    )
    invoices = _versions(rnd, [_invoice(rnd, i, customers) for i in range(1, customers * 25 // 16)], _paid)
    orders = [_order(rnd, i, customers) for i in range(1, customers * 8)]
    items = [_item(rnd, i, len(orders), customers) for i in range(1, customers * 24)]
    moves = Random(seed + 1)  # noqa: S311 - of its own, so that the rest stays what it was
    customer_versions = _versions(moves, buyers, _moved)
    tenant_versions = _versions(moves, tenants, _renamed)
    return {
        "core_tenant": tenants,
        "tenant_version": tenant_versions,
        "core_customer": buyers,
        "customer_version": customer_versions,
        "core_order": orders,
        "core_orderitem": items,
        "core_event": _events(rnd, customers),
        "product_version": products,
        "subscription_version": subscriptions,
        "invoice_version": invoices,
        "core_product": _current(products),
        "core_subscription": _current(subscriptions),
        "core_invoice": _current(invoices),
    }


def write_csv(tables: Tables, folder: Path) -> None:
    """One file per table with a header; an empty field is NULL."""
    for table, rows in tables.items():
        versions = table.endswith("_version")
        names = contract(table.removesuffix("_version")).column_names
        with (folder / f"{table}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*names, *(("_op", "_position", "_business_time") if versions else ())])
            writer.writerows(rows)


def load_csv(connection: duckdb.DuckDBPyConnection, folder: Path, names: str = "*.csv") -> list[Path]:
    """Create a typed table of each file whose name fits; the files."""
    files = sorted(folder.glob(names))
    for file in files:
        versions = file.stem.endswith("_version")
        columns = contract(file.stem.removesuffix("_version")).columns
        ddl = [f"{c.name} {c.source_type.replace('jsonb', 'varchar')}" for c in columns]
        ddl += ["_op varchar", "_position varchar", "_business_time timestamptz"] if versions else []
        connection.execute(f"create table {file.stem} ({', '.join(ddl)})")
        connection.execute(f"copy {file.stem} from '{file}' (header, nullstr '')")
    return files


def _moment(rnd: Random, until: datetime = AS_OF) -> datetime:
    """Anywhere in the half year, often exactly on a month's first instant."""
    if rnd.random() < 0.05:
        return START.replace(month=rnd.randint(1, 6))
    return START + (until - START) * rnd.random()


def _stamps(rnd: Random) -> tuple[datetime, datetime]:
    created = _moment(rnd)
    return created, created


def _money(rnd: Random, most: int) -> Decimal:
    return Decimal(rnd.randint(1, most * 100)) * _CENT


def _tenant(i: int) -> tuple[Any, ...]:
    settings = json.dumps({"currency": "EUR" if i == 2 else "USD"}) if i != 4 else "[]"
    return i, f"t{i}", f"t{i}", f"t{i}.example", True, settings, START, START


def _product(rnd: Random, i: int) -> tuple[Any, ...]:
    stock = rnd.choice([0, 5, 100, 1000])
    return i, 1 + i % 4, f"S{i}", f"P{i}", "c", _money(rnd, 90), _money(rnd, 40), stock, True, *_stamps(rnd)


def _moved_stock(rnd: Random, row: tuple[Any, ...]) -> tuple[Any, ...]:
    cost = _money(rnd, 40) if rnd.random() < 0.3 else row[6]
    return (*row[:6], cost, rnd.randint(0, 200), *row[8:])


def _moved(rnd: Random, row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*row[:6], rnd.choice(["DE", "FR"]), row[7], rnd.random() < 0.8, *row[9:])


def _renamed(rnd: Random, row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (row[0], rnd.choice([row[1], f"{row[1]}!"]), *row[2:])


def _order(rnd: Random, i: int, customers: int) -> tuple[Any, ...]:
    customer = int(customers * 1.02 * rnd.random() ** 2) + 1  # a few frequent buyers, some of nobody's
    tenant = 1 + customer % 5
    status = rnd.choice(["pending", "processing", "cancelled", "refunded", *["completed"] * 6])
    subtotal, shipping = _money(rnd, 300), _money(rnd, 9)
    tax, discount = Decimal(rnd.choice(["0", "0.0825", "0.1900"])), Decimal(rnd.choice(["0", "12.50", "33.33"]))
    at = _moment(rnd, AS_OF + timedelta(days=5))
    total = (subtotal + shipping + tax).quantize(_CENT, ROUND_HALF_UP)
    currency = rnd.choice(["USD"] * 5 + ["EUR"] * 2)
    return i, tenant, customer, f"O{i}", status, at, subtotal, tax, discount, shipping, total, currency, at, at


def _item(rnd: Random, i: int, orders: int, customers: int) -> tuple[Any, ...]:
    price = _money(rnd, 90)
    quantity = rnd.randint(-1, 4)
    product = rnd.randint(1, max(customers // 8, 6) + 1)
    return i, rnd.randint(1, orders + 5), product, quantity, price, price * quantity, START, START


def _subscription(rnd: Random, i: int, customers: int) -> tuple[Any, ...]:
    customer = rnd.randint(1, max(customers // 5, 4))
    started = _moment(rnd)
    trial_end = started + timedelta(days=rnd.choice([0, 14, 30])) if rnd.random() < 0.5 else None
    ended = started + timedelta(days=rnd.randint(0, 100), hours=rnd.choice([0, 7])) if rnd.random() < 0.6 else None
    interval, quantity = rnd.choice(["month", "year", "month"]), rnd.randint(-1, 5)
    status = "cancelled" if ended and ended <= AS_OF else "active"
    terms = (interval, quantity, _money(rnd, 100), started, trial_end, ended, ended)
    return i, 1 + customer % 5, customer, "p", status, *terms, started, started


def _replanned(rnd: Random, row: tuple[Any, ...]) -> tuple[Any, ...]:
    ended = rnd.choice([None, row[11], START + (AS_OF - START) * rnd.random()])
    return (*row[:6], rnd.randint(0, 6), rnd.choice([row[7], _money(rnd, 100)]), *row[8:11], ended, *row[12:])


def _invoice(rnd: Random, i: int, customers: int) -> tuple[Any, ...]:
    customer = rnd.randint(1, customers)
    issued = _moment(rnd, AS_OF + timedelta(days=3))
    status = rnd.choice(["draft", "open", "paid", "paid", "paid", "void", "uncollectible"])
    due = _money(rnd, 200)
    paid_at = issued + timedelta(days=rnd.randint(0, 60)) if status == "paid" or rnd.random() < 0.2 else None
    amount_paid = due if status == "paid" else (due / 2).quantize(_CENT) if paid_at else Decimal(0)
    due_date = (issued + timedelta(days=rnd.choice([0, 14, 30]))).date()
    amounts = (status, due, amount_paid, issued, due_date, paid_at)
    return i, 1 + customer % 5, customer, 1 + i % 9, f"I{i}", *amounts, issued, issued


def _paid(rnd: Random, row: tuple[Any, ...]) -> tuple[Any, ...]:
    if rnd.random() < 0.2:
        return (*row[:5], "void", row[6], Decimal(0), row[8], row[9], None, *row[11:])
    return (*row[:5], "paid", row[6], row[6], row[8], row[9], AS_OF - (AS_OF - LOAD) * rnd.random(), *row[11:])


def _versions(rnd: Random, rows: Iterable[tuple[Any, ...]], change: Any) -> list[tuple[Any, ...]]:
    """Each row as loaded, then a few changes: some at one instant, some a delete or in quarantine, some a new key."""
    versions: list[tuple[Any, ...]] = []
    for loaded in rows:
        row = loaded
        late = rnd.random() < 0.2
        at = LOAD + (AS_OF - LOAD) * rnd.random() if late else LOAD
        key, sequence = row[0], 0
        versions.append((*row, "I", _position(int(late), key, sequence), at))
        while rnd.random() < 0.5:
            sequence += 1
            at += (AS_OF - at) * rnd.choice([0, 0.1, 0.5, 1])
            if rnd.random() < 0.1:
                empty = (key, *[None] * (len(row) - 1))
                versions.append((*empty, rnd.choice("DQ"), _position(1, key, sequence), at))
            else:
                row = change(rnd, row)
                versions.append((*row, "U", _position(1, key, sequence), at))
    rnd.shuffle(versions)
    return versions


def _position(phase: int, key: int, sequence: int) -> str:
    return f"0001.{phase}.{key:016X}.{sequence:08X}"


def _current(versions: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    newest = {row[0]: row for row in sorted(versions, key=lambda row: row[-2])}
    return [row[:-3] for row in newest.values() if row[-3] in "IU"]


def _events(rnd: Random, customers: int) -> list[tuple[Any, ...]]:
    """Visits of people who mostly go down the funnel, log in late, share browsers and do two things at one instant."""
    kinds = ["page_view", "page_view", "product_view", "product_view", "add_to_cart", "checkout_started", "purchase"]
    events: list[tuple[Any, ...]] = []
    ids = list(range(1, customers * 50 + 1))
    rnd.shuffle(ids)  # keys do not follow time
    while len(events) < customers * 50:
        visitor = rnd.randint(1, customers * 2)
        at = _moment(rnd)
        for step in range(rnd.randint(1, 12)):
            if len(events) == customers * 50:
                break
            at += timedelta(seconds=rnd.choice([0, 0, 40, 600, 86_400, 250_000]))
            kind = kinds[min(step, 6)] if rnd.random() < 0.7 else rnd.choice([*kinds, "login", "signup"])
            known = visitor // 2 + rnd.randint(0, 1) if rnd.random() < 0.15 else None
            events.append((ids[len(events)], 1 + visitor % 5, known, f"v{visitor}", kind, at, "{}", at, at))
    return events
