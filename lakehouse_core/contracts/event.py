"""core_event: one row per event of a visitor."""

from lakehouse_core.contracts.model import Column, Contract, Derived, Predicate, Reference, Rule

CONTRACT = Contract(
    table="core_event",
    entity="event",
    view="events",
    grain="one row per event of a visitor",
    rows_hint=320_000,
    columns=(
        Column("id", "bigint"),
        Column("tenant_id", "bigint"),
        Column("customer_id", "bigint", nullable=True),
        Column("anonymous_id", "varchar(64)"),
        Column("event_type", "varchar(50)"),
        Column("occurred_at", "timestamptz"),
        Column("metadata", "jsonb"),
        Column("created_at", "timestamptz"),
        Column("updated_at", "timestamptz"),
    ),
    derived=(
        Derived("page", "string", "metadata.page"),
        Derived("referrer", "string", "metadata.referrer"),
        Derived("device", "string", "metadata.device"),
        Derived("product_id", "bigint", "metadata.product_id"),
        Derived("order_id", "bigint", "metadata.order_id"),
        Derived("utm_source", "string", "metadata.utm.source"),
        Derived("utm_medium", "string", "metadata.utm.medium"),
        Derived("utm_campaign", "string", "metadata.utm.campaign"),
        Derived("metadata_is_valid", "boolean", "metadata is an object with a text page and device"),
        Derived("session_id", "string", "the visitor's session: a gap of more than 30 minutes ends one", of_row=False),
        Derived("session_seq", "int", "the event's place in its session, from 1", of_row=False),
    ),
    rules=(
        Rule(
            "event.type_known",
            Predicate(
                "event_type in ('page_view', 'product_view', 'add_to_cart', 'checkout_started', 'purchase', 'signup', 'login', 'support_ticket')"
            ),
            "the event type is one of the eight",
        ),
        Rule(
            "event.metadata_shape",
            Predicate("metadata_is_valid"),
            "metadata is a JSON object with a text page and device",
        ),
        Rule("event.tenant_exists", Reference("tenant_id", "tenant"), "the tenant is known"),
        Rule("event.customer_exists", Reference("customer_id", "customer"), "the customer, where given, is known"),
    ),
)
