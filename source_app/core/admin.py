"""The admin: lists to look around in, quick even with hundreds of thousands of rows."""

from django.contrib import admin

from source_app.core.models import Customer, Event, Invoice, Order, OrderItem, Product, Subscription, Tenant


class BigTableAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic for the type checker only
    """A list over a large table: no count of everything, parents by id, newest first."""

    show_full_result_count = False
    list_per_page = 50
    list_select_related = False
    ordering = ["-id"]
    readonly_fields = ["created_at", "updated_at"]


class OrderItemInline(admin.TabularInline):  # type: ignore[type-arg]  # generic for the type checker only
    """The lines of an order, beneath it."""

    model = OrderItem
    raw_id_fields = ["product"]
    extra = 0


@admin.register(Tenant)
class TenantAdmin(BigTableAdmin):
    """Tenants."""

    list_display = ["id", "name", "slug", "domain", "is_active"]
    search_fields = ["name", "slug", "domain"]


@admin.register(Customer)
class CustomerAdmin(BigTableAdmin):
    """Customers."""

    list_display = ["id", "tenant_id", "first_name", "last_name", "email", "country", "segment", "is_active"]
    list_filter = ["country", "segment", "is_active"]
    search_fields = ["email", "first_name", "last_name"]
    raw_id_fields = ["tenant"]


@admin.register(Product)
class ProductAdmin(BigTableAdmin):
    """Products."""

    list_display = ["id", "tenant_id", "sku", "name", "category", "price", "cost", "stock_quantity", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["sku", "name", "category"]
    raw_id_fields = ["tenant"]


@admin.register(Order)
class OrderAdmin(BigTableAdmin):
    """Orders, with their lines."""

    list_display = [
        "id",
        "tenant_id",
        "customer_id",
        "order_number",
        "status",
        "order_date",
        "total_amount",
        "currency",
    ]
    list_filter = ["status", "currency"]
    search_fields = ["=order_number"]
    raw_id_fields = ["tenant", "customer"]
    inlines = [OrderItemInline]


@admin.register(OrderItem)
class OrderItemAdmin(BigTableAdmin):
    """Order lines."""

    list_display = ["id", "order_id", "product_id", "quantity", "unit_price", "line_total"]
    raw_id_fields = ["order", "product"]


@admin.register(Event)
class EventAdmin(BigTableAdmin):
    """Events."""

    list_display = ["id", "tenant_id", "customer_id", "anonymous_id", "event_type", "occurred_at"]
    list_filter = ["event_type"]
    search_fields = ["=anonymous_id"]
    raw_id_fields = ["tenant", "customer"]


@admin.register(Subscription)
class SubscriptionAdmin(BigTableAdmin):
    """Subscriptions."""

    list_display = ["id", "tenant_id", "customer_id", "plan", "status", "billing_interval", "quantity", "unit_amount"]
    list_filter = ["status", "billing_interval", "plan"]
    raw_id_fields = ["tenant", "customer"]


@admin.register(Invoice)
class InvoiceAdmin(BigTableAdmin):
    """Invoices."""

    list_display = ["id", "tenant_id", "invoice_number", "status", "amount_due", "amount_paid", "issued_at", "paid_at"]
    list_filter = ["status"]
    search_fields = ["=invoice_number"]
    raw_id_fields = ["tenant", "customer", "subscription"]
