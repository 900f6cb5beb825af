-- fact_session: visits, cut wherever more than 30 minutes passed.
with visit as (
    select
        *,
        sum(case when before is null or occurred_at > before + interval '30 minutes' then 1 else 0 end)
            over (partition by tenant_id, anonymous_id order by occurred_at, id) as nth
    from (
        select *, lag(occurred_at) over (partition by tenant_id, anonymous_id order by occurred_at, id) as before
        from core_event
        where anonymous_id is not null and occurred_at is not null
    ) as event
),

fact as (
    select
        md5(concat_ws('|', tenant_id, anonymous_id, (array_agg(id order by occurred_at, id))[1])) as session_id,
        tenant_id,
        anonymous_id,
        (array_agg(customer_id order by occurred_at desc, id desc) filter (where customer_id is not null))[1] as customer_id,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        count(*) as events,
        sum(case when event_type = 'page_view' then 1 else 0 end) as page_view_events,
        sum(case when event_type = 'product_view' then 1 else 0 end) as product_view_events,
        sum(case when event_type = 'add_to_cart' then 1 else 0 end) as add_to_cart_events,
        sum(case when event_type = 'checkout_started' then 1 else 0 end) as checkout_started_events,
        sum(case when event_type = 'purchase' then 1 else 0 end) as purchase_events
    from visit
    group by tenant_id, anonymous_id, nth
)

select
    fact.session_id,
    coalesce(tenant.tenant_sk, 'unknown') as tenant_sk,
    coalesce(customer.customer_sk, 'unknown') as customer_sk,
    cast(fact.started_at at time zone 'UTC' as date) as start_day,
    fact.tenant_id,
    fact.anonymous_id,
    fact.started_at,
    fact.ended_at,
    cast(floor(extract(epoch from fact.ended_at - fact.started_at)) as bigint) as duration_seconds,
    fact.events,
    cast(fact.page_view_events as bigint) as page_view_events,
    cast(fact.product_view_events as bigint) as product_view_events,
    cast(fact.add_to_cart_events as bigint) as add_to_cart_events,
    cast(fact.checkout_started_events as bigint) as checkout_started_events,
    cast(fact.purchase_events as bigint) as purchase_events,
    fact.purchase_events > 0 as has_purchase
from fact
left join (:dim_tenant) as tenant on tenant.tenant_id = fact.tenant_id and tenant.valid_from <= fact.started_at and fact.started_at < coalesce(tenant.valid_to, timestamptz '9000-01-01 00:00:00+00')
left join (:dim_customer) as customer on customer.customer_id = fact.customer_id and customer.valid_from <= fact.started_at and fact.started_at < coalesce(customer.valid_to, timestamptz '9000-01-01 00:00:00+00')
