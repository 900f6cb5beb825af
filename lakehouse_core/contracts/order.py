"""core_order: one row per order."""

from lakehouse_core.contracts.model import Column, Contract, Derived, Predicate, Reference, Rule

CONTRACT = Contract(
    table="core_order",
    entity="order",
    view="orders",
    grain="one row per order",
    rows_hint=51_200,
    columns=(
        Column("id", "bigint"),
        Column("tenant_id", "bigint"),
        Column("customer_id", "bigint"),
        Column("order_number", "varchar(64)"),
        Column("status", "varchar(32)"),
        Column("order_date", "timestamptz"),
        Column("subtotal", "numeric(12,2)"),
        Column("tax_rate", "numeric(6,4)"),
        Column("discount_percent", "numeric(5,2)"),
        Column("shipping_amount", "numeric(12,2)"),
        Column("total_amount", "numeric(12,2)"),
        Column("currency", "varchar(3)"),
        Column("created_at", "timestamptz"),
        Column("updated_at", "timestamptz"),
    ),
    derived=(
        Derived("discount_amount", "decimal(18,2)", "subtotal x discount_percent / 100, half-up"),
        Derived("taxable_amount", "decimal(18,2)", "subtotal - discount_amount"),
        Derived("tax_amount", "decimal(18,2)", "taxable_amount x tax_rate, half-up"),
        Derived("expected_total", "decimal(18,2)", "taxable_amount + tax_amount + shipping_amount"),
        Derived("total_matches", "boolean", "total_amount = expected_total"),
    ),
    rules=(
        Rule(
            "order.status_known",
            Predicate("status in ('pending', 'processing', 'completed', 'cancelled', 'refunded')"),
            "the status is one of the five",
        ),
        Rule(
            "order.total_matches", Predicate("total_matches"), "the total equals subtotal - discount + tax + shipping"
        ),
        Rule("order.tenant_exists", Reference("tenant_id", "tenant"), "the tenant is known"),
        Rule("order.customer_exists", Reference("customer_id", "customer"), "the customer is known"),
    ),
)
