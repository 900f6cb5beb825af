"""The cells of tenants, customers and products, with what is planted wrong in them."""

import json
from typing import Any

import numpy as np

from source_app.core import models
from source_app.core import vocabulary as words
from source_app.generate import copytext as cells
from source_app.generate.defects import Planter
from source_app.generate.parents import Parents
from source_app.generate.rhythm import START, Ints

_WRONG_DOMAINS = ("shop..example.com", "-shop.example.com", "http://shop.example.com/", "shop_one.example.com", "")
_WRONG_PHONES = ("12", "n/a", "CALL ME", "+33 1", "000", "+1 212 555 0143 0143 0143")


def wrong_email(email: str, kind: int) -> str:
    """The address, broken in one of five ways; still different for different addresses."""
    local, domain = email.split("@")
    return (
        f"{local}.{domain}",
        f"{local}@@{domain}",
        f"{local}@",
        f"{local} x@{domain}",
        f"{local}..x@{domain}",
    )[kind % 5]


def same_address(email: str) -> str:
    """The same mailbox written differently: the domain in other case, or an IDN as its ASCII form."""
    local, domain = email.split("@")
    if not domain.isascii():
        return f"{local}@{domain.encode('idna').decode()}"
    return f"{local}@{domain.lower() if domain != domain.lower() else domain.upper()}"


def wrong_settings(settings: dict[str, Any], kind: int) -> object:
    """The settings in a wrong shape; mostly so that the currency can still be read."""
    match kind % 10:
        case 0 | 4 | 6 | 8:
            return {name: value for name, value in settings.items() if name != "locale"}
        case 1 | 5 | 7 | 9:
            return {**settings, "features": ",".join(settings["features"])}
        case 2:
            return [settings]
        case _:
            return json.dumps(settings)


def tenants(parents: Parents, planter: Planter) -> cells.Table:
    """The cells of core_tenant."""
    rows, table = len(parents.tenants), "core_tenant"
    settings: list[object] = [tenant.settings for tenant in parents.tenants]
    domain = [_written(tenant, position) for position, tenant in enumerate(parents.tenants)]
    for n, row in enumerate(planter.choose(table, "tenant.domain_valid", rows).tolist()):
        domain[row] = _WRONG_DOMAINS[n % len(_WRONG_DOMAINS)]
        planter.note(table, "tenant.domain_valid", row + 1, f"domain is {domain[row]!r}")
    for n, row in enumerate(planter.choose(table, "tenant.settings_shape", rows).tolist()):
        settings[row] = wrong_settings(parents.tenants[row].settings, n)
        planter.note(table, "tenant.settings_shape", row + 1, "settings has a wrong shape")
    stamps = cells.times(START + np.arange(rows) * 60_000_000)
    return {
        "id": cells.ints(np.arange(1, rows + 1)),
        "name": cells.texts(tenant.name for tenant in parents.tenants),
        "slug": [tenant.slug for tenant in parents.tenants],
        "domain": cells.texts(domain),
        "is_active": cells.flags(tenant.is_active for tenant in parents.tenants),
        "settings": cells.texts(json.dumps(one, ensure_ascii=False) for one in settings),
        "created_at": stamps,
        "updated_at": stamps,
    }


def _written(tenant: models.Tenant, position: int) -> str:
    """A domain as its owner writes it: valid, but not always in the form that DNS sees."""
    if position % 4 == 1:
        return f"Shop.{tenant.slug}.Example.COM"
    return f"läden.{tenant.slug}.example.org" if position % 4 == 2 else tenant.domain


def customers(parents: Parents, planter: Planter) -> cells.Table:
    """The cells of core_customer."""
    rows, table = len(parents.customers), "core_customer"
    everyone = parents.customers
    email = [one.email for one in everyone]
    phone = [one.phone for one in everyone]
    names = [(one.first_name, one.last_name) for one in everyone]
    tenant_id: Ints = parents.customer_tenant + 1
    for row in planter.choose(table, "customer.email_unique", rows).tolist():
        first = _partner(row, parents, planter)
        email[row], names[row] = same_address(email[first]), names[first]
        what = f"customers {first + 1} and {row + 1} have the same address"
        planter.note(table, "customer.email_unique", first + 1, what)
        planter.note(table, "customer.email_unique", row + 1, what)
    for n, row in enumerate(planter.choose(table, "customer.email_valid", rows).tolist()):
        email[row] = wrong_email(email[row], n)
        planter.note(table, "customer.email_valid", row + 1, "the address is not well formed")
    for n, row in enumerate(planter.choose(table, "customer.phone_valid", rows).tolist()):
        phone[row] = _WRONG_PHONES[n % len(_WRONG_PHONES)]
        planter.note(table, "customer.phone_valid", row + 1, "the number is impossible")
    for n, row in enumerate(planter.choose(table, "customer.tenant_exists", rows).tolist()):
        tenant_id[row] = words.ORPHAN_BASE + n
        planter.note(table, "customer.tenant_exists", row + 1, f"tenant {tenant_id[row]} does not exist")
    stamps = cells.times(parents.customer_born)
    return {
        "id": cells.ints(np.arange(1, rows + 1)),
        "tenant_id": cells.ints(tenant_id),
        "email": cells.texts(email),
        "first_name": cells.texts(first for first, _ in names),
        "last_name": cells.texts(last for _, last in names),
        "phone": cells.texts(phone),
        "country": [one.country for one in everyone],
        "segment": [one.segment for one in everyone],
        "is_active": cells.flags(one.is_active for one in everyone),
        "created_at": stamps,
        "updated_at": stamps,
    }


def _partner(row: int, parents: Parents, planter: Planter) -> int:
    """The next customer of the same tenant that nothing is wrong with yet; it is reserved."""
    others = np.flatnonzero(parents.customer_tenant == parents.customer_tenant[row])
    for other in np.roll(others, -int(np.searchsorted(others, row)) - 1).tolist():
        if not planter.is_spoiled("core_customer", other):
            planter.reserve("core_customer", other)
            return int(other)
    raise AssertionError("a tenant has fewer customers than defects")


def products(parents: Parents, planter: Planter) -> cells.Table:
    """The cells of core_product."""
    rows, table = len(parents.products), "core_product"
    category = [one.category for one in parents.products]
    price = parents.price.copy()
    tenant_id: Ints = parents.product_tenant + 1
    for row in planter.choose(table, "product.price_valid", rows).tolist():
        price[row] = -price[row]
        planter.note(table, "product.price_valid", row + 1, "the price is negative")
    for n, row in enumerate(planter.choose(table, "product.category_known", rows).tolist()):
        category[row] = words.UNKNOWN_CATEGORIES[n % len(words.UNKNOWN_CATEGORIES)]
        planter.note(table, "product.category_known", row + 1, f"category is {category[row]!r}")
    for n, row in enumerate(planter.choose(table, "product.tenant_exists", rows).tolist()):
        tenant_id[row] = words.ORPHAN_BASE + n
        planter.note(table, "product.tenant_exists", row + 1, f"tenant {tenant_id[row]} does not exist")
    stamps = cells.times(parents.product_born)
    return {
        "id": cells.ints(np.arange(1, rows + 1)),
        "tenant_id": cells.ints(tenant_id),
        "sku": [one.sku for one in parents.products],
        "name": cells.texts(one.name for one in parents.products),
        "category": cells.texts(category),
        "price": cells.money(price),
        "cost": [str(one.cost) for one in parents.products],
        "stock_quantity": [str(one.stock_quantity) for one in parents.products],
        "is_active": cells.flags(one.is_active for one in parents.products),
        "created_at": stamps,
        "updated_at": stamps,
    }
