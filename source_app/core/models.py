"""The eight models. Fields stand in the tables' physical order; foreign keys have no constraint, so orphans can exist.

Django itself still deletes children with their parent.
"""

from typing import Any

from django.db import models

from source_app.core import clock


class Stamped(models.Model):
    """A row that knows when the business made and last changed it.

    Each model declares its two stamps itself: Django would put an abstract class's fields before the model's own.
    """

    class Meta:
        """No table of its own."""

        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Stamp the change with the business clock, then save."""
        self.updated_at = clock.now()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "updated_at"}
        super().save(*args, **kwargs)


class Tenant(Stamped):
    """A business that sells through the application."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=100, unique=True)
    domain = models.CharField(max_length=300)
    is_active = models.BooleanField(default=True)
    settings = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return self.name


class Customer(Stamped):
    """Somebody who buys from a tenant."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="customers", db_constraint=False)
    email = models.CharField(max_length=320)
    first_name = models.CharField(max_length=150)
    last_name = models.CharField(max_length=150)
    phone = models.CharField(max_length=50, blank=True)
    country = models.CharField(max_length=2)
    segment = models.CharField(max_length=50)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}"


class Product(Stamped):
    """Something that a tenant sells."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="products", db_constraint=False)
    sku = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=12, decimal_places=2)
    cost = models.DecimalField(max_digits=12, decimal_places=2)
    stock_quantity = models.IntegerField(default=0)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"


class Order(Stamped):
    """What a customer ordered at one time."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="orders", db_constraint=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="orders", db_constraint=False)
    order_number = models.CharField(max_length=64)
    status = models.CharField(max_length=32)
    order_date = models.DateTimeField()
    subtotal = models.DecimalField(max_digits=12, decimal_places=2)
    tax_rate = models.DecimalField(max_digits=6, decimal_places=4)
    discount_percent = models.DecimalField(max_digits=5, decimal_places=2)
    shipping_amount = models.DecimalField(max_digits=12, decimal_places=2)
    total_amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return self.order_number


class OrderItem(Stamped):
    """One line of an order."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="items", db_constraint=False)
    product = models.ForeignKey(Product, models.CASCADE, related_name="order_items", db_constraint=False)
    quantity = models.IntegerField()
    unit_price = models.DecimalField(max_digits=12, decimal_places=2)
    line_total = models.DecimalField(max_digits=12, decimal_places=2)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return f"{self.quantity} x product {self.product_id}"


class Event(Stamped):
    """Something a visitor did; the customer is unknown until the visitor says who it is."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="events", db_constraint=False)
    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="events", db_constraint=False, null=True, blank=True
    )
    anonymous_id = models.CharField(max_length=64)
    event_type = models.CharField(max_length=50)
    occurred_at = models.DateTimeField()
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return f"{self.event_type} at {self.occurred_at:%Y-%m-%d %H:%M}"


class Subscription(Stamped):
    """A plan that a customer pays for again and again; cancelled as soon as it has ended."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="subscriptions", db_constraint=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="subscriptions", db_constraint=False)
    plan = models.CharField(max_length=50)
    status = models.CharField(max_length=32)
    billing_interval = models.CharField(max_length=16)
    quantity = models.IntegerField()
    unit_amount = models.DecimalField(max_digits=12, decimal_places=2)
    started_at = models.DateTimeField()
    trial_end_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return f"{self.quantity} x {self.plan}"


class Invoice(Stamped):
    """A bill for a subscription."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="invoices", db_constraint=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="invoices", db_constraint=False)
    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="invoices", db_constraint=False)
    invoice_number = models.CharField(max_length=64)
    status = models.CharField(max_length=32)
    amount_due = models.DecimalField(max_digits=12, decimal_places=2)
    amount_paid = models.DecimalField(max_digits=12, decimal_places=2)
    issued_at = models.DateTimeField()
    due_date = models.DateField()
    paid_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return self.invoice_number
