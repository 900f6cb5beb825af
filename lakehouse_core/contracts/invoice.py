"""core_invoice: one row per invoice."""

from lakehouse_core.contracts.model import Column, Contract, Derived, Predicate, Reference, Rule

CONTRACT = Contract(
    table="core_invoice",
    entity="invoice",
    view="invoices",
    grain="one row per invoice",
    rows_hint=10_000,
    columns=(
        Column("id", "bigint"),
        Column("tenant_id", "bigint"),
        Column("customer_id", "bigint"),
        Column("subscription_id", "bigint"),
        Column("invoice_number", "varchar(64)"),
        Column("status", "varchar(32)"),
        Column("amount_due", "numeric(12,2)"),
        Column("amount_paid", "numeric(12,2)"),
        Column("issued_at", "timestamptz"),
        Column("due_date", "date"),
        Column("paid_at", "timestamptz", nullable=True),
        Column("created_at", "timestamptz"),
        Column("updated_at", "timestamptz"),
    ),
    derived=(
        Derived("balance", "decimal(18,2)", "amount_due - amount_paid"),
        Derived(
            "status_is_consistent",
            "boolean",
            "paid if and only if paid_at is there and amount_paid = amount_due; void only if nothing is paid",
        ),
    ),
    rules=(
        Rule(
            "invoice.status_known",
            Predicate("status in ('draft', 'open', 'paid', 'void', 'uncollectible')"),
            "the status is one of the five",
        ),
        Rule("invoice.status_consistent", Predicate("status_is_consistent"), "status, payment time and amounts agree"),
        Rule("invoice.customer_exists", Reference("customer_id", "customer"), "the customer is known"),
        Rule("invoice.subscription_exists", Reference("subscription_id", "subscription"), "the subscription is known"),
    ),
)
