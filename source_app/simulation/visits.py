"""What visitors do: sessions, late events, and events that carry much."""

import base64
import random
from datetime import datetime, timedelta
from typing import Any

from source_app.core import vocabulary as words
from source_app.core.models import Customer, Event, Order, Product
from source_app.simulation.day import Day, business


def metadata(page: str, dice: random.Random, **more: Any) -> dict[str, Any]:
    """Metadata of the right shape."""
    return {"page": page, "referrer": dice.choice(words.REFERRERS), "device": dice.choice(words.DEVICES), **more}


def large(dice: random.Random) -> str:
    """Text of 6 kB that does not compress: PostgreSQL stores it out of line."""
    return base64.b64encode(dice.randbytes(4_500)).decode()


def leading_to(order: Order, product: Product, dice: random.Random) -> list[Event]:
    """The session of an order, the purchase last."""
    steps: tuple[tuple[str, dict[str, Any]], ...] = (
        ("page_view", metadata("/", dice)),
        ("product_view", metadata(f"/products/{product.pk}", dice, product_id=product.pk)),
        ("add_to_cart", metadata("/cart", dice, product_id=product.pk)),
        ("checkout_started", metadata("/checkout", dice)),
        ("purchase", metadata("/checkout/done", dice, order_id=order.pk)),
    )
    return [
        Event(
            tenant_id=order.tenant_id,
            customer_id=order.customer_id if number >= 3 else None,
            anonymous_id=f"a-order-{order.pk}",
            event_type=kind,
            occurred_at=order.order_date - timedelta(minutes=3 * (len(steps) - 1 - number)),
            metadata=what,
        )
        for number, (kind, what) in enumerate(steps)
    ]


def browse(day: Day, at: datetime) -> None:
    """A visitor looks around and leaves."""
    with business(at):
        customer = day.one(Customer.objects.filter(tenant_id__lt=words.ORPHAN_BASE))
        if customer is None:
            return
        known = day.dice.random() < 0.4
        device = f"a-{day.dice.getrandbits(64):016x}"
        made = Event.objects.bulk_create(
            Event(
                tenant_id=customer.tenant_id,
                customer_id=customer.pk if known else None,
                anonymous_id=device,
                event_type="page_view",
                occurred_at=at + timedelta(seconds=number),
                metadata=metadata(day.dice.choice(words.PAGES), day.dice),
            )
            for number in range(day.dice.randint(1, 5))
        )
        day.counts["events_browsing"] += len(made)


def late(day: Day, at: datetime) -> None:
    """An event arrives days or hours late, near another one of the same visitor: sessions may have to be joined."""
    with business(at):
        near = day.recent(Event.objects.filter(tenant_id__lt=words.ORPHAN_BASE).defer("metadata"), 500)
        if near is None:
            return
        Event.objects.create(
            tenant_id=near.tenant_id,
            customer_id=near.customer_id,
            anonymous_id=near.anonymous_id,
            event_type="page_view",
            occurred_at=near.occurred_at + timedelta(minutes=day.dice.randint(-40, 25)),
            metadata=metadata("/", day.dice),
        )
        day.counts["events_late"] += 1


def ticket(day: Day, at: datetime) -> None:
    """A support ticket that carries a long trace."""
    with business(at):
        customer = day.one(Customer.objects.filter(tenant_id__lt=words.ORPHAN_BASE))
        if customer is None:
            return
        Event.objects.create(
            tenant_id=customer.tenant_id,
            customer_id=None,
            anonymous_id=f"a-{day.dice.getrandbits(64):016x}",
            event_type="support_ticket",
            occurred_at=at,
            metadata=metadata("/help", day.dice, trace=large(day.dice)),
        )
        day.counts["events_large"] += 1


def identify(day: Day, at: datetime) -> None:
    """Who wrote an earlier ticket becomes known: the row changes, its large metadata does not."""
    with business(at):
        event = day.recent(Event.objects.filter(metadata__has_key="trace").defer("metadata"), 10)
        if event is None:
            return
        customer = day.one(Customer.objects.filter(tenant_id=event.tenant_id))
        if customer is not None:
            event.customer = customer
            event.save(update_fields=["customer"])
            day.counts["events_identified"] += 1
