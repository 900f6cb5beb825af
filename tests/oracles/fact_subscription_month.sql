-- fact_subscription_month: the version of each subscription that holds at each month's close, if it pays then.
with recursive calendar as (
    select cast(date_trunc('month', min(least(started_at, :as_of)) at time zone 'UTC') as date) - 31 as month
    from subscription_version
),

month_end as (
    select cast(date_trunc('month', month) as date) as month from calendar
    union all
    select cast(month + interval '1 month' as date)
    from month_end
    where cast(month + interval '1 month' as date) <= cast(:as_of at time zone 'UTC' as date)
),

moment as (
    select month, least(cast(month + interval '1 month' as timestamp) at time zone 'UTC', :as_of) as t from month_end
),

candidate as (
    select
        moment.month,
        moment.t,
        subscription_version.*,
        row_number() over (
            partition by subscription_version.id, moment.month
            order by
                case when _business_time <= moment.t then 0 else 1 end,
                case when _business_time <= moment.t then _position end desc,
                _position
        ) as choice
    from moment
    cross join subscription_version
),

fact as (
    select
        id as subscription_id,
        month,
        t,
        tenant_id,
        customer_id,
        plan,
        round(cast(
            quantity * unit_amount / case when billing_interval = 'year' then 12.0 else 1.0 end as decimal(38, 9)
        ), 2) as mrr
    from candidate
    where choice = 1 and _op in ('I', 'U')
        and greatest(started_at, coalesce(trial_end_at, started_at)) <= t and (ended_at is null or t < ended_at)
)

select
    fact.subscription_id,
    fact.month,
    coalesce(tenant.tenant_sk, 'unknown') as tenant_sk,
    coalesce(customer.customer_sk, 'unknown') as customer_sk,
    fact.tenant_id,
    (core_tenant.settings ->> 'currency') as currency,
    fact.plan,
    cast(fact.mrr as decimal(22, 2)) as closing_mrr,
    cast(fact.month + interval '1 month' as date) <= cast(:as_of at time zone 'UTC' as date) as is_complete
from fact
left join core_tenant on core_tenant.id = fact.tenant_id
left join (:dim_tenant) as tenant on tenant.tenant_id = fact.tenant_id and tenant.valid_from <= fact.t and fact.t < coalesce(tenant.valid_to, timestamptz '9000-01-01 00:00:00+00')
left join (:dim_customer) as customer on customer.customer_id = fact.customer_id and customer.valid_from <= fact.t and fact.t < coalesce(customer.valid_to, timestamptz '9000-01-01 00:00:00+00')
where fact.mrr > 0
