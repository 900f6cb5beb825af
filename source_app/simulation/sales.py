"""Orders are placed, paid, cancelled and refunded; stock and prices move."""

from datetime import datetime
from decimal import Decimal

from django.db.models import F

from source_app.core import vocabulary as words
from source_app.core.amounts import half_up, order_total
from source_app.core.models import Customer, Event, Order, OrderItem, Product
from source_app.simulation import visits
from source_app.simulation.day import Day, business, currency_of


def place(day: Day, at: datetime) -> None:
    """An order with its lines, what it takes from stock, and the visit that led to it, if there was one."""
    with business(at):
        place_in_transaction(day, at)
        day.counts["orders_placed"] += 1


def place_in_transaction(day: Day, at: datetime) -> Order | None:
    """The same inside a transaction that is open; None if nobody could order anything."""
    customer = day.one(
        Customer.objects.filter(is_active=True, tenant_id__lt=words.ORPHAN_BASE).select_related("tenant")
    )
    if customer is None:
        return None
    products = Product.objects.filter(tenant_id=customer.tenant_id, is_active=True, price__gt=0)
    lines = [(product, day.dice.choice((1, 1, 1, 2, 3))) for product in day.some(products, day.dice.randint(1, 5))]
    if not lines:
        return None
    subtotal = sum((quantity * product.price for product, quantity in lines), Decimal(0))
    tax_rate = Decimal(words.COUNTRIES[customer.country].tax_rate)
    discount = Decimal(day.dice.choice(("0.00", "0.00", "0.00", "5.00", "12.50")))
    shipping = Decimal(day.dice.choice(("0.00", "4.99", "9.99")))
    order = Order.objects.create(
        tenant=customer.tenant,
        customer=customer,
        order_number=f"ORD-{day.number()}",
        status="pending",
        order_date=at,
        subtotal=subtotal,
        tax_rate=tax_rate,
        discount_percent=discount,
        shipping_amount=shipping,
        total_amount=order_total(subtotal, discount, tax_rate, shipping),
        currency=currency_of(customer.tenant),
    )
    OrderItem.objects.bulk_create(
        OrderItem(
            order=order,
            product=product,
            quantity=quantity,
            unit_price=product.price,
            line_total=quantity * product.price,
        )
        for product, quantity in lines
    )
    for product, quantity in lines:
        Product.objects.filter(pk=product.pk).update(stock_quantity=F("stock_quantity") - quantity, updated_at=at)
        day.counts["stock_moved"] += 1
    if day.dice.random() < 0.4:
        Event.objects.bulk_create(visits.leading_to(order, lines[0][0], day.dice))
    return order


def _move_on(day: Day, before: tuple[str, ...], after: str) -> Order | None:
    order = day.recent(Order.objects.filter(status__in=before), 300)
    if order is not None:
        order.status = after
        order.save(update_fields=["status"])
    return order


def process(day: Day, at: datetime) -> None:
    """An order is picked up."""
    with business(at):
        day.counts["orders_processed"] += _move_on(day, ("pending",), "processing") is not None


def complete(day: Day, at: datetime) -> None:
    """An order is paid and done."""
    with business(at):
        day.counts["orders_completed"] += _move_on(day, ("processing", "pending"), "completed") is not None


def cancel(day: Day, at: datetime) -> None:
    """An order is cancelled, and its goods go back to the shelf."""
    with business(at):
        order = _move_on(day, ("pending", "processing"), "cancelled")
        if order is None:
            return
        day.counts["orders_cancelled"] += 1
        for item in order.items.filter(quantity__gt=0).order_by("pk"):
            Product.objects.filter(pk=item.product_id).update(
                stock_quantity=F("stock_quantity") + item.quantity, updated_at=at
            )
            day.counts["stock_moved"] += 1


def refund(day: Day, at: datetime) -> None:
    """A completed order is paid back."""
    with business(at):
        day.counts["orders_refunded"] += _move_on(day, ("completed",), "refunded") is not None


def receive_stock(day: Day, at: datetime) -> None:
    """A delivery fills a shelf."""
    with business(at):
        for product in day.some(Product.objects.filter(is_active=True), 1):
            product.stock_quantity += day.dice.randint(10, 200)
            product.save(update_fields=["stock_quantity"])
            day.counts["stock_moved"] += 1


def reprice(day: Day, at: datetime) -> None:
    """A seller changes some prices at once."""
    with business(at):
        first = day.one(Product.objects.filter(price__gt=0))
        if first is None:
            return
        for product in day.some(Product.objects.filter(tenant_id=first.tenant_id, price__gt=0), 10):
            product.price = half_up(product.price * day.dice.choice((90, 95, 105, 110)) / 100)
            product.save(update_fields=["price"])
            day.counts["products_repriced"] += 1
