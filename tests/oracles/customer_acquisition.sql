-- customer_acquisition: sign-ups and first completed orders by month.
with signed_up as (
    select tenant_id, date_trunc('month', created_at at time zone 'UTC')::date as month, count(*) as new_customers
    from core_customer
    group by 1, 2
),

first_order as (
    select tenant_id, customer_id, min(order_date) as first_order_at
    from core_order
    where status = 'completed'
    group by 1, 2
),

bought as (
    select
        tenant_id, date_trunc('month', first_order_at at time zone 'UTC')::date as month, count(*) as first_time_buyers
    from first_order
    group by 1, 2
)

select
    coalesce(signed_up.tenant_id, bought.tenant_id) as tenant_id,
    coalesce(signed_up.month, bought.month) as month,
    cast(coalesce(new_customers, 0) as bigint) as new_customers,
    cast(coalesce(first_time_buyers, 0) as bigint) as first_time_buyers,
    (coalesce(signed_up.month, bought.month) + interval '1 month')::date <= (:as_of at time zone 'UTC')::date
        as is_complete
from signed_up
full outer join bought on bought.tenant_id = signed_up.tenant_id and bought.month = signed_up.month
