"""core_subscription: one row per subscription."""

from lakehouse_core.contracts.model import Column, Contract, Derived, Predicate, Reference, Rule

CONTRACT = Contract(
    table="core_subscription",
    entity="subscription",
    view="subscriptions",
    grain="one row per subscription",
    rows_hint=1_920,
    columns=(
        Column("id", "bigint"),
        Column("tenant_id", "bigint"),
        Column("customer_id", "bigint"),
        Column("plan", "varchar(50)"),
        Column("status", "varchar(32)"),
        Column("billing_interval", "varchar(16)"),
        Column("quantity", "integer"),
        Column("unit_amount", "numeric(12,2)"),
        Column("started_at", "timestamptz"),
        Column("trial_end_at", "timestamptz", nullable=True),
        Column("cancelled_at", "timestamptz", nullable=True),
        Column("ended_at", "timestamptz", nullable=True),
        Column("created_at", "timestamptz"),
        Column("updated_at", "timestamptz"),
    ),
    derived=(
        Derived(
            "mrr_amount",
            "decimal(22,2)",
            "quantity x unit_amount, divided by 12 if by year, half-up",
        ),
        Derived("is_churned", "boolean", "ended_at is not null"),
        Derived("churned_at", "timestamp", "ended_at"),
    ),
    rules=(
        Rule(
            "subscription.status_known",
            Predicate("status in ('trialing', 'active', 'past_due', 'cancelled')"),
            "the status is one of the four",
        ),
        Rule(
            "subscription.interval_known",
            Predicate("billing_interval in ('month', 'year')"),
            "the subscription is billed by month or by year",
        ),
        Rule(
            "subscription.amount_valid",
            Predicate("quantity > 0 and unit_amount >= 0"),
            "quantity and unit amount can be billed",
        ),
        Rule("subscription.customer_exists", Reference("customer_id", "customer"), "the customer is known"),
    ),
)
