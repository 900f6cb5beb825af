"""What a change reader must survive: changed keys, long and undone transactions, and rows that are wrong."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction

from source_app.core import clock
from source_app.core import vocabulary as words
from source_app.core.models import Event, OrderItem, Product, Tenant
from source_app.database import BATCH
from source_app.generate.parent_cells import wrong_email
from source_app.simulation import people, sales, visits
from source_app.simulation.day import Day, announce, business


def _new_key(model: type[models.Model]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select nextval(pg_get_serial_sequence(%s, 'id'))", [model._meta.db_table])  # noqa: SLF001 - Django's documented name
        return int(cursor.fetchone()[0])


def change_product_key(day: Day, at: datetime) -> None:
    """A product gets another id, and its order lines follow."""
    with business(at):
        product = day.one(Product.objects.all())
        if product is not None:
            key = _new_key(Product)
            Product.objects.filter(pk=product.pk).update(id=key, updated_at=at)
            OrderItem.objects.filter(product_id=product.pk).update(product_id=key, updated_at=at)
            day.counts["keys_changed"] += 1


def change_event_key(day: Day, at: datetime) -> None:
    """An event with large metadata gets another id: the metadata is not sent with the change."""
    with business(at):
        event = day.recent(Event.objects.filter(metadata__has_key="trace").defer("metadata"), 10)
        if event is not None:
            Event.objects.filter(pk=event.pk).update(id=_new_key(Event), updated_at=at)
            day.counts["keys_changed"] += 1


def change_line_key(day: Day, at: datetime) -> None:
    """An order line gets another id."""
    with business(at):
        line = day.one(OrderItem.objects.all())
        if line is not None:
            OrderItem.objects.filter(pk=line.pk).update(id=_new_key(OrderItem), updated_at=at)
            day.counts["keys_changed"] += 1


class LongImport:
    """A transaction on a connection of its own that stays open from morning to evening.

    It only inserts: it holds no lock that the day's other transactions wait for. If the day fails, the connection is
    closed and the server undoes it.
    """

    def __init__(self) -> None:
        self._transaction = transaction.atomic(using=BATCH)

    def begin(self, day: Day, at: datetime) -> None:
        """Open it, with the first rows."""
        self._transaction.__enter__()
        self.add(day, at)

    def add(self, day: Day, at: datetime) -> None:
        """More rows, while others commit."""
        tenant = day.one(Tenant.objects.all())
        if tenant is None:
            return
        with clock.standing_at(at):
            made = Event.objects.using(BATCH).bulk_create(
                Event(
                    tenant_id=tenant.pk,
                    customer_id=None,
                    anonymous_id=f"a-import-{day.number()}",
                    event_type="page_view",
                    occurred_at=at - timedelta(hours=1),
                    metadata=visits.metadata("/", day.dice),
                )
                for _ in range(3 * day.unit)
            )
        day.counts["events_imported"] += len(made)

    def commit(self, day: Day, at: datetime) -> None:
        """Done, at a time after everything that was committed meanwhile."""
        announce(at, BATCH)
        self._transaction.__exit__(None, None, None)
        day.counts["transactions_long"] += 1


def undo(day: Day, at: datetime) -> None:
    """A whole order is placed and then undone: nothing of it may arrive anywhere."""
    moved = day.counts["stock_moved"]
    with business(at):
        sales.place_in_transaction(day, at)
        transaction.set_rollback(True)
    day.counts["stock_moved"] = moved
    day.counts["transactions_rolled_back"] += 1


def undo_part(day: Day, at: datetime) -> None:
    """A sign-up of which the second attempt is undone to a savepoint, while the first is kept."""
    with business(at):
        people.add_customer(day, at)
        day.counts["customers_signed_up"] += 1
        savepoint = transaction.savepoint()
        people.add_customer(day, at)
        transaction.savepoint_rollback(savepoint)
        day.counts["savepoints_rolled_back"] += 1


def spoil(day: Day, at: datetime) -> None:
    """A row goes wrong in one of the ways that the rules know."""
    with business(at):
        day.dice.choice(_WAYS)(day, at)


def _wrong_email(day: Day, at: datetime) -> None:
    customer = people.add_customer(day, at)
    if customer is not None:
        day.counts["customers_signed_up"] += 1
        customer.email = wrong_email(customer.email, day.dice.randrange(5))
        customer.save(update_fields=["email"])
        day.defect("customer.email_valid", customer, "the address is not well formed")


def _wrong_price(day: Day, at: datetime) -> None:
    product = day.one(Product.objects.filter(price__gt=0))
    if product is not None:
        product.price = -product.price
        product.save(update_fields=["price"])
        day.defect("product.price_valid", product, f"the price is negative since {at:%Y-%m-%d}")


def _wrong_total(day: Day, at: datetime) -> None:
    order = sales.place_in_transaction(day, at)
    if order is not None:
        day.counts["orders_placed"] += 1
        order.total_amount += 10
        order.save(update_fields=["total_amount"])
        day.defect("order.total_matches", order, "total_amount does not follow from its parts")


def _orphan_event(day: Day, at: datetime) -> None:
    near = day.one(Event.objects.filter(tenant_id__lt=words.ORPHAN_BASE))
    if near is not None:
        event = _event(day, at, near, customer_id=words.ORPHAN_BASE + day.number())
        day.defect("event.customer_exists", event, f"customer {event.customer_id} does not exist")


def _wrong_metadata(day: Day, at: datetime) -> None:
    near = day.one(Event.objects.filter(tenant_id__lt=words.ORPHAN_BASE))
    if near is not None:
        event = _event(day, at, near, metadata=["page_view"])
        day.defect("event.metadata_shape", event, "metadata is a list")


def _event(day: Day, at: datetime, near: Event, **wrong: Any) -> Event:
    values: dict[str, Any] = {"customer_id": None, "metadata": visits.metadata("/", day.dice), **wrong}
    return Event.objects.create(
        tenant_id=near.tenant_id,
        anonymous_id=f"a-{day.dice.getrandbits(64):016x}",
        event_type="page_view",
        occurred_at=at,
        **values,
    )


_WAYS = (_wrong_email, _wrong_price, _wrong_total, _orphan_event, _wrong_metadata)
