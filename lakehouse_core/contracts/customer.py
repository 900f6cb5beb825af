"""core_customer: one row per customer of a tenant."""

from lakehouse_core.contracts.model import Column, Contract, Derived, Predicate, Reference, Rule, Unique

CONTRACT = Contract(
    table="core_customer",
    entity="customer",
    view="customers",
    grain="one row per customer of a tenant",
    rows_hint=6_400,
    columns=(
        Column("id", "bigint"),
        Column("tenant_id", "bigint"),
        Column("email", "varchar(320)", pii=True),
        Column("first_name", "varchar(150)", pii=True),
        Column("last_name", "varchar(150)", pii=True),
        Column("phone", "varchar(50)", pii=True),
        Column("country", "varchar(2)"),
        Column("segment", "varchar(50)"),
        Column("is_active", "boolean"),
        Column("created_at", "timestamptz"),
        Column("updated_at", "timestamptz"),
    ),
    derived=(
        Derived(
            "email_normalized", "string", "domain in lower case and IDNA, local part and +tag kept; null if invalid"
        ),
        Derived("email_key", "string", "email_normalized in lower case: what two addresses are compared by"),
        Derived("email_is_valid", "boolean", "the address is well formed; nobody asks DNS"),
        Derived("phone_e164", "string", "the number as +<country><subscriber>; null if there is none or it is invalid"),
        Derived("phone_is_valid", "boolean", "the number exists in its numbering plan; null if none is given"),
    ),
    rules=(
        Rule("customer.email_valid", Predicate("email_is_valid"), "the e-mail address is well formed"),
        Rule(
            "customer.phone_valid",
            Predicate("phone = '' or phone_is_valid"),
            "the phone number, where given, is possible in the customer's country",
        ),
        Rule(
            "customer.email_unique",
            Unique(("tenant_id", "email_key")),
            "no other customer of the tenant has the address, in whatever case",
        ),
        Rule("customer.tenant_exists", Reference("tenant_id", "tenant"), "the tenant is known"),
    ),
)
