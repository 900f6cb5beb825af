"""Orders and their lines: they follow sign-ups and the rhythm, and their totals are right. Money is in cents."""

from dataclasses import dataclass

import numpy as np

from source_app.core import vocabulary as words
from source_app.generate import copytext as cells
from source_app.generate import rhythm
from source_app.generate.defects import Planter
from source_app.generate.parents import Parents
from source_app.generate.rhythm import DAY, END, HOUR, START, Floats, Ints
from source_app.scales import Scale

_MIN_LIFE = 20 * DAY
_UNKNOWN_STATUSES = ("complete", "COMPLETED", "on_hold", "")
_PENDING, _PROCESSING, _COMPLETED, _CANCELLED, _REFUNDED = range(5)


@dataclass(frozen=True)
class Placed:
    """Orders by time: tenants', customers' positions, when, the status' position, and the first product's position."""

    tenant: Ints
    customer: Ints
    at: Ints
    status: Ints
    first_product: Ints


def half_up(product: Ints, unit: int) -> Ints:
    """A product of non-negative integers over its unit, rounded half up."""
    return np.asarray((2 * product + unit) // (2 * unit), dtype=np.int64)


def totals(subtotal: Ints, discount_bp: Ints, tax_bp: Ints, shipping: Ints) -> Ints:
    """The same as ``core.amounts.order_total`` in cents; discount and tax in ten-thousandths."""
    taxable = subtotal - half_up(subtotal * discount_bp, 10_000)
    return np.asarray(taxable + half_up(taxable * tax_bp, 10_000) + shipping, dtype=np.int64)


def build(
    scale: Scale, parents: Parents, rng: np.random.Generator, planter: Planter
) -> tuple[Placed, cells.Table, cells.Table]:
    """What was placed, and the cells of core_order and core_orderitem."""
    tenant, customer, at = _placed(scale, parents, rng)
    order_of, product, quantity, unit = _lines(scale.order_items, tenant, at, parents, rng)
    first = np.searchsorted(order_of, np.arange(scale.orders))
    placed = Placed(tenant, customer, at, _statuses(at, rng), product[first])

    items = scale.order_items
    returned: set[int] = set()
    spare = np.flatnonzero(np.isin(np.arange(items), first, invert=True))  # an order keeps a good line
    for n, row in enumerate(planter.choose("core_orderitem", "order_item.quantity_valid", items, spare).tolist()):
        # A return booked as a line, one per order and less than its first line; otherwise an empty line.
        order = order_of[row]
        is_return = n % 2 and order not in returned and quantity[first[order]] * unit[first[order]] > unit[row]
        returned.add(order)
        quantity[row] = -1 if is_return else 0
        planter.note("core_orderitem", "order_item.quantity_valid", row + 1, f"quantity is {quantity[row]}")
    correct = quantity * unit
    order_id = order_of + 1
    for n, row in enumerate(planter.choose("core_orderitem", "order_item.order_exists", items, spare).tolist()):
        order_id[row] = words.ORPHAN_BASE + n
        planter.note("core_orderitem", "order_item.order_exists", row + 1, f"order {order_id[row]} does not exist")
    subtotal = np.bincount(order_of, weights=np.where(order_id < words.ORPHAN_BASE, correct, 0), minlength=scale.orders)

    line_total = correct.copy()
    for row in planter.choose("core_orderitem", "order_item.total_matches", items).tolist():
        line_total[row] += 100 * (1 + row % 7)
        planter.note("core_orderitem", "order_item.total_matches", row + 1, "line_total is not quantity x unit_price")
    product_id = product + 1
    for n, row in enumerate(planter.choose("core_orderitem", "order_item.product_exists", items).tolist()):
        product_id[row] = words.ORPHAN_BASE + n
        planter.note(
            "core_orderitem", "order_item.product_exists", row + 1, f"product {product_id[row]} does not exist"
        )
    lines = {
        "id": cells.ints(np.arange(1, items + 1)),
        "order_id": cells.ints(order_id),
        "product_id": cells.ints(product_id),
        "quantity": cells.ints(quantity),
        "unit_price": cells.money(unit),
        "line_total": cells.money(line_total),
        "created_at": cells.times(at[order_of]),
        "updated_at": cells.times(at[order_of]),
    }
    return placed, _orders(placed, subtotal.astype(np.int64), parents, rng, planter), lines


def _placed(scale: Scale, parents: Parents, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    size = rng.dirichlet(np.full(scale.tenants, 8.0))
    counts = np.bincount(rng.choice(scale.tenants, scale.orders, p=size), minlength=scale.tenants)
    tenants, customers, ats = [], [], []
    for tenant, count in enumerate(counts.tolist()):
        members = np.flatnonzero(parents.customer_tenant == tenant)
        born = parents.customer_born[members]
        leaves = born + _MIN_LIFE + (rng.exponential(200, len(members)) * DAY).astype(np.int64)
        known = np.searchsorted(born, START + np.arange(rhythm.DAYS) * DAY)  # by each day's first instant
        at = rhythm.instants(rng, count, rhythm.day_weights() * known**0.8)
        keen: Floats = rng.lognormal(0, 0.9, len(members))
        chosen = rhythm.pick_existing(rng, at, born, keen)
        for _ in range(4):
            gone = np.flatnonzero(at > leaves[chosen])
            chosen[gone] = rhythm.pick_existing(rng, at[gone], born, keen)
        tenants.append(np.full(count, tenant))
        customers.append(members[chosen])
        ats.append(at)
    tenant, customer, at = np.concatenate(tenants), np.concatenate(customers), np.concatenate(ats)
    order = np.argsort(at, kind="stable")
    return tenant[order], customer[order], at[order]


def _lines(
    items: int, tenant: Ints, at: Ints, parents: Parents, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints, Ints]:
    orders = len(at)
    size = 1 + rng.poisson(items / orders - 1, orders)
    while (missing := items - int(size.sum())) != 0:
        able = np.flatnonzero(size > 1) if missing < 0 else np.arange(orders)
        size[rng.choice(able, min(abs(missing), len(able)), replace=False)] += int(np.sign(missing))
    order_of = np.repeat(np.arange(orders), size)
    product = np.zeros(items, dtype=np.int64)
    for number in range(len(parents.tenants)):
        rows = np.flatnonzero(tenant[order_of] == number)
        own = parents.products_of(number)
        chosen = rhythm.pick_existing(rng, at[order_of[rows]], parents.product_born[own], parents.popularity[own])
        product[rows] = own[chosen]
    quantity = 1 + rng.geometric(0.6, items) // 2
    # Now and then an older or a campaign's price.
    factor = rng.choice(np.array([100, 100, 100, 100, 95, 90]), items)
    return order_of, product, quantity, half_up(parents.price[product] * factor, 100)


def _statuses(at: Ints, rng: np.random.Generator) -> Ints:
    age = END - at
    final = rng.choice(np.array([_COMPLETED, _CANCELLED, _REFUNDED]), len(at), p=[0.9, 0.06, 0.04])
    recent = np.where(age < 18 * HOUR, _PENDING, _PROCESSING)
    return np.where(age < rng.integers(HOUR, 3 * DAY, len(at)), recent, final)


def _orders(
    placed: Placed, subtotal: Ints, parents: Parents, rng: np.random.Generator, planter: Planter
) -> cells.Table:
    rows = len(placed.at)
    table = "core_order"
    discount_bp = rng.choice(np.array([0, 500, 1_000, 1_250, 2_000]), rows, p=[0.7, 0.1, 0.12, 0.03, 0.05])
    shipping = rng.choice(np.array([0, 499, 999]), rows, p=[0.35, 0.45, 0.2])
    rates = {code: int(country.tax_rate.replace(".", "")) for code, country in words.COUNTRIES.items()}
    tax_of = np.array([rates[customer.country] for customer in parents.customers])
    tax_bp = tax_of[placed.customer]
    total = totals(subtotal, discount_bp, tax_bp, shipping)
    currency = [parents.currency[tenant] for tenant in placed.tenant.tolist()]
    for row in np.flatnonzero(rng.random(rows) < 0.03).tolist():  # sold abroad
        currency[row] = "EUR" if currency[row] != "EUR" else "USD"
    status = [words.ORDER_STATUSES[number] for number in placed.status.tolist()]
    tenant_id, customer_id = placed.tenant + 1, placed.customer + 1
    lag = rng.integers(HOUR, 4 * DAY, rows)
    updated = np.where(placed.status == _PENDING, placed.at, np.minimum(placed.at + lag, END))

    for n, row in enumerate(planter.choose(table, "order.status_known", rows).tolist()):
        status[row] = _UNKNOWN_STATUSES[n % len(_UNKNOWN_STATUSES)]
        planter.note(table, "order.status_known", row + 1, f"status is {status[row]!r}")
    for row in planter.choose(table, "order.total_matches", rows).tolist():
        total[row] += (1, -1, 1_000, 99)[row % 4]
        planter.note(table, "order.total_matches", row + 1, "total_amount does not follow from its parts")
    for n, row in enumerate(planter.choose(table, "order.tenant_exists", rows).tolist()):
        tenant_id[row] = words.ORPHAN_BASE + n
        planter.note(table, "order.tenant_exists", row + 1, f"tenant {tenant_id[row]} does not exist")
    for n, row in enumerate(planter.choose(table, "order.customer_exists", rows).tolist()):
        customer_id[row] = words.ORPHAN_BASE + n
        planter.note(table, "order.customer_exists", row + 1, f"customer {customer_id[row]} does not exist")
    return {
        "id": cells.ints(np.arange(1, rows + 1)),
        "tenant_id": cells.ints(tenant_id),
        "customer_id": cells.ints(customer_id),
        "order_number": [f"ORD-{number:07d}" for number in range(1, rows + 1)],
        "status": status,
        "order_date": cells.times(placed.at),
        "subtotal": cells.money(subtotal),
        "tax_rate": [f"{bp / 10_000:.4f}" for bp in tax_bp.tolist()],
        "discount_percent": cells.money(discount_bp),
        "shipping_amount": cells.money(shipping),
        "total_amount": cells.money(total),
        "currency": currency,
        "created_at": cells.times(placed.at),
        "updated_at": cells.times(updated),
    }
