-- revenue_monthly: completed orders by tenant, month and currency; growth by joining the month before.
with completed as (
    select
        tenant_id,
        customer_id,
        currency,
        date_trunc('month', order_date at time zone 'UTC')::date as month,
        total_amount,
        shipping_amount,
        tax_rate,
        subtotal,
        round(subtotal * discount_percent * 0.01, 2) as discount_amount
    from core_order
    where status = 'completed'
),

monthly as (
    select
        tenant_id,
        month,
        currency,
        count(*) as order_count,
        count(distinct customer_id) as customer_count,
        sum(total_amount) as gross_revenue,
        sum(subtotal - discount_amount) as net_revenue,
        sum(discount_amount) as discount_amount,
        sum(round((subtotal - discount_amount) * tax_rate, 2)) as tax_amount,
        sum(shipping_amount) as shipping_amount,
        (month + interval '1 month')::date <= (:as_of at time zone 'UTC')::date as is_complete
    from completed
    group by tenant_id, month, currency
)

select
    this.tenant_id,
    this.month,
    this.currency,
    cast(this.order_count as bigint) as order_count,
    cast(this.customer_count as bigint) as customer_count,
    cast(this.gross_revenue as decimal(22, 2)) as gross_revenue,
    cast(this.net_revenue as decimal(22, 2)) as net_revenue,
    cast(this.discount_amount as decimal(22, 2)) as discount_amount,
    cast(this.tax_amount as decimal(22, 2)) as tax_amount,
    cast(this.shipping_amount as decimal(22, 2)) as shipping_amount,
    cast(round(cast(this.gross_revenue / this.order_count as decimal(38, 9)), 2) as decimal(22, 2))
        as average_order_value,
    case when this.is_complete and before.is_complete then
        cast(round(cast(
            (this.gross_revenue - before.gross_revenue) / nullif(before.gross_revenue, 0) as decimal(38, 12)
        ), 6) as decimal(18, 6))
    end as gross_revenue_growth,
    this.is_complete
from monthly as this
left join monthly as before
    on before.tenant_id = this.tenant_id
    and before.currency = this.currency
    and (before.month + interval '1 month')::date = this.month
