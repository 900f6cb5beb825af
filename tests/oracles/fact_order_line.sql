-- fact_order_line: each item with the rows of the dimensions that held at its order's moment.
select
    fact.order_item_id,
    coalesce(tenant.tenant_sk, 'unknown') as tenant_sk,
    coalesce(customer.customer_sk, 'unknown') as customer_sk,
    coalesce(product.product_sk, 'unknown') as product_sk,
    cast(fact.order_date at time zone 'UTC' as date) as order_day,
    fact.order_id,
    fact.tenant_id,
    fact.status as order_status,
    fact.currency,
    fact.quantity,
    fact.unit_price,
    fact.line_total
from (
    select
        core_orderitem.id as order_item_id,
        core_orderitem.order_id,
        core_orderitem.product_id,
        core_orderitem.quantity,
        core_orderitem.unit_price,
        core_orderitem.line_total,
        core_order.tenant_id,
        core_order.customer_id,
        core_order.status,
        core_order.currency,
        core_order.order_date
    from core_orderitem
    left join core_order on core_order.id = core_orderitem.order_id
) as fact
left join (:dim_tenant) as tenant on tenant.tenant_id = fact.tenant_id and tenant.valid_from <= fact.order_date and fact.order_date < coalesce(tenant.valid_to, timestamptz '9000-01-01 00:00:00+00')
left join (:dim_customer) as customer on customer.customer_id = fact.customer_id and customer.valid_from <= fact.order_date and fact.order_date < coalesce(customer.valid_to, timestamptz '9000-01-01 00:00:00+00')
left join (:dim_product) as product on product.product_id = fact.product_id and product.valid_from <= fact.order_date and fact.order_date < coalesce(product.valid_to, timestamptz '9000-01-01 00:00:00+00')
