-- customer_ltv: customers with what they ordered by currency; the prediction for those who ever had MRR.
with versions as (
    select
        *,
        greatest(started_at, coalesce(trial_end_at, started_at)) as pays_from,
        lag(_position) over (partition by id order by _position) as before,
        lead(_business_time) over (partition by id order by _position) as superseded_at
    from subscription_version
),

stretch as (
    select
        customer_id,
        case when before is null or pays_from > _business_time then pays_from else _business_time end as paid_from,
        case
            when ended_at is null then superseded_at
            when superseded_at is null or ended_at < superseded_at then ended_at
            else superseded_at
        end as paid_to
    from versions
    where _op in ('I', 'U')
        and round(cast(
            quantity * unit_amount / case when billing_interval = 'year' then 12.0 else 1.0 end as decimal(38, 9)
        ), 2) > 0
),

subscriber as (
    select distinct customer_id from stretch where paid_from <= :as_of and (paid_to is null or paid_from < paid_to)
),

churn as (
    select tenant_id, sum(customer_churn_rate) as rates, count(customer_churn_rate) as months
    from (:subscription_monthly) as mrr
    where is_complete
        and month >= (date_trunc('month', :as_of at time zone 'UTC') - interval '3 months')::date
    group by 1
),

bought as (
    select
        customer_id, currency, count(*) as orders, sum(total_amount) as revenue,
        min(order_date) as first_order_at, max(order_date) as last_order_at
    from core_order
    where status = 'completed'
    group by 1, 2
),

paid as (
    select customer_id, sum(amount_paid) as paid, min(case when amount_paid > 0 then paid_at end) as paid_at
    from core_invoice
    group by 1
),

person as (
    select
        core_customer.tenant_id,
        core_customer.id as customer_id,
        core_customer.created_at,
        (core_tenant.settings ->> 'currency') as home,
        subscriber.customer_id is not null as has_subscribed
    from core_customer
    left join core_tenant on core_tenant.id = core_customer.tenant_id
    left join subscriber on subscriber.customer_id = core_customer.id
),

grain as (
    select person.*, bought.currency
    from person
    inner join bought on bought.customer_id = person.customer_id
    union
    select person.*, person.home
    from person
    where has_subscribed or not exists (select 1 from bought where bought.customer_id = person.customer_id)
),

measured as (
    select
        grain.*,
        coalesce(bought.orders, 0) as orders,
        coalesce(bought.revenue, 0.00) as revenue,
        bought.first_order_at,
        bought.last_order_at,
        case
            when has_subscribed and (grain.currency = home or (grain.currency is null and home is null))
                then coalesce(bought.revenue, 0.00) + coalesce(paid.paid, 0.00)
        end as received,
        case
            when paid.paid_at is null or bought.first_order_at < paid.paid_at then bought.first_order_at
            else paid.paid_at
        end at time zone 'UTC' as first_payment,
        :as_of at time zone 'UTC' as today,
        churn.rates,
        churn.months
    from grain
    left join bought
        on bought.customer_id = grain.customer_id
        and (bought.currency = grain.currency or (bought.currency is null and grain.currency is null))
    left join paid on paid.customer_id = grain.customer_id
    left join churn on churn.tenant_id = grain.tenant_id
),

aged as (
    select
        *,
        greatest(
            1,
            (extract(year from today) - extract(year from first_payment)) * 12
            + extract(month from today) - extract(month from first_payment)
            - case
                when today - date_trunc('month', today) < first_payment - date_trunc('month', first_payment) then 1
                else 0
            end
        ) as payment_months
    from measured
)

select
    tenant_id,
    customer_id,
    currency,
    cast(orders as bigint) as orders,
    cast(revenue as decimal(22, 2)) as revenue,
    first_order_at,
    last_order_at,
    cast(round(cast(revenue / nullif(orders, 0) as decimal(38, 9)), 2) as decimal(22, 2)) as average_order_value,
    cast(floor(extract(epoch from (:as_of - created_at)) / 86400) as bigint) as tenure_days,
    cast(revenue as decimal(22, 2)) as ltv,
    cast(round(cast(received * months / nullif(payment_months * rates, 0) as decimal(38, 9)), 2) as decimal(22, 2))
        as predicted_ltv
from aged
