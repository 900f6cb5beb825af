"""One factory per model: made for tests, and for the parents of a seed.

Random choices come from factory_boy's own generator, so ``factory.random.reseed_random`` makes them repeatable.
"""

import re
import unicodedata
from datetime import timedelta
from decimal import Decimal
from typing import Any

import factory
from django.utils.text import slugify
from factory.random import randgen
from faker import Faker

from source_app import history
from source_app.core import models
from source_app.core import vocabulary as words
from source_app.core.amounts import half_up, order_total

_COUNTRY_WEIGHTS = (list(words.COUNTRIES), [country.weight for country in words.COUNTRIES.values()])
_FAKERS = {code: Faker(country.locale) for code, country in words.COUNTRIES.items()}


def phone_number(country: str) -> str:
    """A valid number of the country, as people there write it."""
    pattern = randgen.choice(words.COUNTRIES[country].phones)
    return re.sub("#", lambda _: str(randgen.randrange(10)), pattern)


def email_address(first: str, last: str, number: int) -> str:
    """A valid address that no other number has, in whatever case; now and then with a +tag or an IDN domain."""
    ascii_name = unicodedata.normalize("NFKD", f"{first}.{last}").encode("ascii", "ignore").decode()
    local = re.sub(r"[^a-z.]", "", ascii_name.lower()).strip(".") or "customer"
    tag = "+shop" if randgen.random() < 0.05 else ""
    weights = (30, 20, 20, 10, 10, 3, 3, 2, 2)
    domain = randgen.choices(words.EMAIL_DOMAINS, weights)[0]
    return f"{re.sub(r'[.]+', '.', local)}{number}{tag}@{domain}"


def tenant_settings(currency: str) -> dict[str, Any]:
    """The settings of a tenant that keeps its books in the currency."""
    _, timezone, locale = words.HOMES[currency]
    return {
        "plan_type": randgen.choice(words.PLAN_TYPES),
        "timezone": timezone,
        "currency": currency,
        "locale": locale,
        "features": sorted(randgen.sample(words.FEATURES, 3)),
    }


class _Stamped(factory.django.DjangoModelFactory):  # type: ignore[misc]  # factory_boy publishes no types
    class Meta:
        abstract = True

    created_at = history.START
    updated_at = factory.SelfAttribute("created_at")


class TenantFactory(_Stamped):
    """A valid tenant."""

    class Meta:
        """The model."""

        model = models.Tenant

    class Params:
        """What is chosen for it."""

        currency = "USD"

    name = factory.Faker("company")
    slug = factory.LazyAttributeSequence(lambda made, n: f"{slugify(made.name)[:80]}-{n}")
    domain = factory.LazyAttribute(lambda made: f"shop.{made.slug}.example.com")
    is_active = True
    settings = factory.LazyAttribute(lambda made: tenant_settings(made.currency))


class CustomerFactory(_Stamped):
    """A valid customer: name, address and phone of one country."""

    class Meta:
        """The model."""

        model = models.Customer

    class Params:
        """Where most of the tenant's customers live."""

        home = "US"

    tenant = factory.SubFactory(TenantFactory)
    country = factory.LazyAttribute(
        lambda made: made.home if randgen.random() < 0.6 else randgen.choices(*_COUNTRY_WEIGHTS)[0]
    )
    first_name = factory.LazyAttribute(lambda made: _FAKERS[made.country].first_name())
    last_name = factory.LazyAttribute(lambda made: _FAKERS[made.country].last_name())
    email = factory.LazyAttributeSequence(lambda made, n: email_address(made.first_name, made.last_name, n))
    phone = factory.LazyAttribute(lambda made: phone_number(made.country) if randgen.random() > 0.08 else "")
    segment = factory.LazyFunction(lambda: randgen.choices(words.SEGMENTS, (70, 22, 8))[0])
    is_active = factory.LazyFunction(lambda: randgen.random() > 0.03)


class ProductFactory(_Stamped):
    """A valid product that earns money."""

    class Meta:
        """The model."""

        model = models.Product

    tenant = factory.SubFactory(TenantFactory)
    sku = factory.Sequence(lambda n: f"SKU-{n:06d}")
    name = factory.LazyFunction(lambda: f"{_FAKERS['US'].color_name()} {_FAKERS['US'].word().capitalize()}")
    category = factory.LazyFunction(lambda: randgen.choice(words.CATEGORIES))
    price = factory.LazyFunction(lambda: Decimal(randgen.randrange(499, 30_000)) / 100)
    cost = factory.LazyAttribute(lambda made: half_up(made.price * randgen.randrange(30, 75) / 100))
    stock_quantity = factory.LazyFunction(lambda: randgen.randrange(20, 2_000))
    is_active = True


class OrderFactory(_Stamped):
    """An order whose total is right; give it the subtotal of the items that you add."""

    class Meta:
        """The model."""

        model = models.Order

    customer = factory.SubFactory(CustomerFactory)
    tenant = factory.SelfAttribute("customer.tenant")
    order_number = factory.Sequence(lambda n: f"ORD-{n:07d}")
    status = "completed"
    order_date = factory.SelfAttribute("created_at")
    subtotal = Decimal("100.00")
    tax_rate = factory.LazyAttribute(lambda made: Decimal(words.COUNTRIES[made.customer.country].tax_rate))
    discount_percent = Decimal("0.00")
    shipping_amount = Decimal("4.99")
    total_amount = factory.LazyAttribute(
        lambda made: order_total(made.subtotal, made.discount_percent, made.tax_rate, made.shipping_amount)
    )
    currency = factory.LazyAttribute(lambda made: made.tenant.settings["currency"])


class OrderItemFactory(_Stamped):
    """A line whose total is right."""

    class Meta:
        """The model."""

        model = models.OrderItem

    order = factory.SubFactory(OrderFactory)
    product = factory.SubFactory(ProductFactory, tenant=factory.SelfAttribute("..order.tenant"))
    quantity = 1
    unit_price = factory.SelfAttribute("product.price")
    line_total = factory.LazyAttribute(lambda made: made.quantity * made.unit_price)


class EventFactory(_Stamped):
    """A page view of a known customer."""

    class Meta:
        """The model."""

        model = models.Event

    customer = factory.SubFactory(CustomerFactory)
    tenant = factory.SelfAttribute("customer.tenant")
    anonymous_id = factory.LazyFunction(lambda: f"a-{randgen.getrandbits(64):016x}")
    event_type = "page_view"
    occurred_at = factory.SelfAttribute("created_at")
    metadata = factory.LazyFunction(
        lambda: {"page": randgen.choice(words.PAGES), "referrer": "", "device": randgen.choice(words.DEVICES)}
    )


class SubscriptionFactory(_Stamped):
    """An active subscription, billed by month."""

    class Meta:
        """The model."""

        model = models.Subscription

    customer = factory.SubFactory(CustomerFactory)
    tenant = factory.SelfAttribute("customer.tenant")
    plan = "team"
    status = "active"
    billing_interval = "month"
    quantity = 1
    unit_amount = factory.LazyAttribute(lambda made: Decimal(words.PLANS[made.plan]) / 100)
    started_at = factory.SelfAttribute("created_at")
    trial_end_at = None
    cancelled_at = None
    ended_at = None


class InvoiceFactory(_Stamped):
    """An open invoice for one period of a subscription."""

    class Meta:
        """The model."""

        model = models.Invoice

    subscription = factory.SubFactory(SubscriptionFactory)
    customer = factory.SelfAttribute("subscription.customer")
    tenant = factory.SelfAttribute("subscription.tenant")
    invoice_number = factory.Sequence(lambda n: f"INV-{n:07d}")
    status = "open"
    amount_due = factory.LazyAttribute(lambda made: made.subscription.quantity * made.subscription.unit_amount)
    amount_paid = Decimal("0.00")
    issued_at = factory.SelfAttribute("created_at")
    due_date = factory.LazyAttribute(lambda made: (made.issued_at + timedelta(days=14)).date())
    paid_at = None
