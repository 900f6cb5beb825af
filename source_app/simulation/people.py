"""Customers sign up, are corrected, merged and erased; tenants change their settings."""

from datetime import datetime

from django.db.models import Count, Max, Min

from source_app.core import vocabulary as words
from source_app.core.factories import CustomerFactory, email_address, phone_number
from source_app.core.models import Customer, Event, Invoice, Order, Subscription, Tenant
from source_app.simulation import visits
from source_app.simulation.day import Day, business, currency_of

_POINT_AT_CUSTOMERS = (Order, Event, Subscription, Invoice)


def sign_up(day: Day, at: datetime) -> None:
    """A visitor becomes a customer."""
    with business(at):
        add_customer(day, at)
        day.counts["customers_signed_up"] += 1


def add_customer(day: Day, at: datetime) -> Customer | None:
    """A new customer and the event of the sign-up, inside a transaction that is open; None where there is no tenant."""
    tenant = day.one(Tenant.objects.filter(is_active=True))
    if tenant is None:
        return None
    home = words.HOMES[currency_of(tenant)][0]
    customer: Customer = CustomerFactory.build(tenant=tenant, home=home, created_at=at, __sequence=day.number())
    customer.save(force_insert=True)
    Event.objects.create(
        tenant=tenant,
        customer=customer,
        anonymous_id=f"a-signup-{customer.pk}",
        event_type="signup",
        occurred_at=at,
        metadata=visits.metadata("/signup", day.dice),
    )
    return customer


def correct(day: Day, at: datetime) -> None:
    """A customer's phone, name or address is put right."""
    with business(at):
        customer = day.one(Customer.objects.all())
        if customer is None:
            return
        match day.dice.randrange(3):
            case 0:
                customer.phone = phone_number(customer.country)
            case 1:
                customer.last_name = f"{customer.last_name}-Smith"[:150]
            case _:
                customer.email = email_address(customer.first_name, customer.last_name, day.number())
        customer.save()
        day.counts["customers_corrected"] += 1


def merge(day: Day, at: datetime) -> None:
    """Two records of one person become one: everything moves to the older, the younger goes."""
    with business(at):
        pair = _same_person(day)
        if pair is None:
            return
        older, younger = pair
        for model in _POINT_AT_CUSTOMERS:
            model.objects.filter(customer_id=younger).update(customer_id=older, updated_at=at)
        Customer.objects.get(pk=younger).delete()
        day.counts["customers_merged"] += 1


def _same_person(day: Day) -> tuple[int, int] | None:
    """Two customers of a tenant with the same name; otherwise two of the same country, whom somebody knows to be one."""
    twice = (
        Customer.objects.values("tenant_id", "first_name", "last_name")
        .annotate(rows=Count("id"), older=Min("id"), younger=Max("id"))
        .filter(rows__gt=1)
        .order_by("older")
        .first()
    )
    if twice is not None:
        return twice["older"], twice["younger"]
    one = day.one(Customer.objects.all())
    if one is None:
        return None
    other = Customer.objects.filter(tenant_id=one.tenant_id, country=one.country, pk__gt=one.pk).order_by("pk").first()
    return (one.pk, other.pk) if other is not None else None


def erase(day: Day, at: datetime) -> None:
    """A customer asks to be forgotten: everything that points at them goes with them."""
    with business(at):
        customer = day.one(Customer.objects.all())
        if customer is not None:
            _, by_model = customer.delete()
            day.counts["customers_erased"] += 1
            day.counts["rows_erased_with_customers"] += sum(by_model.values()) - 1


def change_tenant(day: Day, at: datetime) -> None:
    """A tenant chooses other features; the shape of settings that are wrong stays as it is."""
    with business(at):
        tenant = day.one(Tenant.objects.filter(settings__has_key="features"))
        if tenant is None or not isinstance(tenant.settings.get("features"), list):
            return
        tenant.settings["features"] = sorted(day.dice.sample(words.FEATURES, day.dice.randint(1, 5)))
        tenant.save(update_fields=["settings"])
        day.counts["tenants_changed"] += 1
