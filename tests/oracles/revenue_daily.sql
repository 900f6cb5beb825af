-- revenue_daily: completed orders by tenant, date and currency.
with completed as (
    select
        tenant_id,
        customer_id,
        currency,
        (order_date at time zone 'UTC')::date as revenue_date,
        total_amount,
        shipping_amount,
        tax_rate,
        subtotal,
        round(subtotal * discount_percent * 0.01, 2) as discount_amount
    from core_order
    where status = 'completed'
)
select
    tenant_id,
    revenue_date,
    currency,
    cast(count(*) as bigint) as order_count,
    cast(count(distinct customer_id) as bigint) as customer_count,
    cast(sum(total_amount) as decimal(22, 2)) as gross_revenue,
    cast(sum(subtotal - discount_amount) as decimal(22, 2)) as net_revenue,
    cast(sum(discount_amount) as decimal(22, 2)) as discount_amount,
    cast(sum(round((subtotal - discount_amount) * tax_rate, 2)) as decimal(22, 2)) as tax_amount,
    cast(sum(shipping_amount) as decimal(22, 2)) as shipping_amount,
    cast(round(cast(sum(total_amount) / count(*) as decimal(38, 9)), 2) as decimal(22, 2)) as average_order_value,
    revenue_date < (:as_of at time zone 'UTC')::date as is_complete
from completed
group by tenant_id, revenue_date, currency
