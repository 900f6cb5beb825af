-- customer_retention: cohorts by first completed order, dense to the month of as_of.
with recursive bought as (
    select distinct tenant_id, customer_id, date_trunc('month', order_date at time zone 'UTC')::date as month
    from core_order
    where status = 'completed'
),

cohort as (
    select tenant_id, customer_id, min(month) as cohort_month from bought group by 1, 2
),

size as (
    select tenant_id, cohort_month, count(*) as cohort_size from cohort group by 1, 2
),

active as (
    select cohort.tenant_id, cohort_month, month, count(*) as active_customers
    from cohort
    inner join bought on bought.tenant_id = cohort.tenant_id and bought.customer_id = cohort.customer_id
    group by 1, 2, 3
),

dense as (
    select tenant_id, cohort_month, cohort_size, cohort_month as month, 0 as months_since
    from size
    where cohort_month <= date_trunc('month', :as_of at time zone 'UTC')::date
    union all
    select tenant_id, cohort_month, cohort_size, (month + interval '1 month')::date, months_since + 1
    from dense
    where (month + interval '1 month')::date <= date_trunc('month', :as_of at time zone 'UTC')::date
)

select
    dense.tenant_id,
    dense.cohort_month,
    cast(dense.months_since as integer) as months_since,
    cast(dense.cohort_size as bigint) as cohort_size,
    cast(coalesce(active.active_customers, 0) as bigint) as active_customers,
    cast(round(cast(1.0 * coalesce(active.active_customers, 0) / dense.cohort_size as decimal(38, 12)), 6)
        as decimal(18, 6)) as retention_rate,
    (dense.month + interval '1 month')::date <= (:as_of at time zone 'UTC')::date as is_complete
from dense
left join active
    on active.tenant_id = dense.tenant_id
    and active.cohort_month = dense.cohort_month
    and active.month = dense.month
