"""core_tenant: one row per tenant."""

from lakehouse_core.contracts.model import Column, Contract, Derived, Predicate, Rule

CONTRACT = Contract(
    table="core_tenant",
    entity="tenant",
    view="tenants",
    grain="one row per tenant",
    rows_hint=10,
    columns=(
        Column("id", "bigint"),
        Column("name", "varchar(200)"),
        Column("slug", "varchar(100)"),
        Column("domain", "varchar(300)"),
        Column("is_active", "boolean"),
        Column("settings", "jsonb"),
        Column("created_at", "timestamptz"),
        Column("updated_at", "timestamptz"),
    ),
    derived=(
        Derived("plan_type", "string", "settings.plan_type"),
        Derived("timezone", "string", "settings.timezone"),
        Derived("currency", "string", "settings.currency"),
        Derived("locale", "string", "settings.locale"),
        Derived("features", "array<string>", "settings.features"),
        Derived("settings_is_valid", "boolean", "the five settings are there and of their kind"),
        Derived("domain_normalized", "string", "the domain in lower case and IDNA; null if it is none"),
        Derived("domain_is_valid", "boolean", "the domain is a host name that DNS could hold"),
    ),
    rules=(
        Rule("tenant.domain_valid", Predicate("domain_is_valid"), "the domain is a host name that DNS could hold"),
        Rule(
            "tenant.settings_shape",
            Predicate("settings_is_valid"),
            "settings is a JSON object with a text plan_type, timezone, currency and locale and a list of features",
        ),
    ),
)
