"""core_orderitem: one row per line of an order."""

from lakehouse_core.contracts.model import Column, Contract, Derived, Predicate, Reference, Rule

CONTRACT = Contract(
    table="core_orderitem",
    entity="order_item",
    view="order_items",
    grain="one row per line of an order",
    rows_hint=153_600,
    columns=(
        Column("id", "bigint"),
        Column("order_id", "bigint"),
        Column("product_id", "bigint"),
        Column("quantity", "integer"),
        Column("unit_price", "numeric(12,2)"),
        Column("line_total", "numeric(12,2)"),
        Column("created_at", "timestamptz"),
        Column("updated_at", "timestamptz"),
    ),
    derived=(
        Derived("expected_line_total", "decimal(22,2)", "quantity x unit_price"),
        Derived("quantity_is_valid", "boolean", "quantity > 0"),
        Derived("total_matches", "boolean", "line_total = expected_line_total"),
    ),
    rules=(
        Rule("order_item.quantity_valid", Predicate("quantity_is_valid"), "the quantity is above zero"),
        Rule("order_item.total_matches", Predicate("total_matches"), "the line total equals quantity x unit price"),
        Rule("order_item.order_exists", Reference("order_id", "order"), "the order is known"),
        Rule("order_item.product_exists", Reference("product_id", "product"), "the product is known"),
    ),
)
