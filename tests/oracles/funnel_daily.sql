-- funnel_daily: each step by joining the nearest following event of that step to the step before.
with identity as (
    select
        tenant_id,
        anonymous_id,
        customer_id,
        row_number() over (partition by tenant_id, anonymous_id order by occurred_at, id) as seen
    from core_event
    where customer_id is not null
),

journey as (
    select
        core_event.tenant_id,
        coalesce('c:' || identity.customer_id, 'a:' || core_event.anonymous_id) as person,
        core_event.event_type,
        core_event.occurred_at,
        core_event.id
    from core_event
    left join identity
        on identity.tenant_id = core_event.tenant_id
        and identity.anonymous_id = core_event.anonymous_id
        and identity.seen = 1
),

numbered as (
    select *, row_number() over (partition by tenant_id, person order by occurred_at, id) as n from journey
),

page_view as (
    select tenant_id, person, event_date, n, occurred_at + interval '168 hours' as deadline
    from (
        select
            *,
            (occurred_at at time zone 'UTC')::date as event_date,
            row_number() over (
                partition by tenant_id, person, (occurred_at at time zone 'UTC')::date order by occurred_at, id
            ) as of_day
        from numbered
        where event_type = 'page_view'
    ) as views
    where of_day = 1
),

product_view as (
    select s.tenant_id, s.person, s.event_date, s.deadline, min(e.n) as n
    from page_view as s
    inner join numbered as e on e.tenant_id = s.tenant_id and e.person = s.person
    where e.event_type = 'product_view' and e.n > s.n and e.occurred_at < s.deadline
    group by 1, 2, 3, 4
),

add_to_cart as (
    select s.tenant_id, s.person, s.event_date, s.deadline, min(e.n) as n
    from product_view as s
    inner join numbered as e on e.tenant_id = s.tenant_id and e.person = s.person
    where e.event_type = 'add_to_cart' and e.n > s.n and e.occurred_at < s.deadline
    group by 1, 2, 3, 4
),

checkout_started as (
    select s.tenant_id, s.person, s.event_date, s.deadline, min(e.n) as n
    from add_to_cart as s
    inner join numbered as e on e.tenant_id = s.tenant_id and e.person = s.person
    where e.event_type = 'checkout_started' and e.n > s.n and e.occurred_at < s.deadline
    group by 1, 2, 3, 4
),

purchase as (
    select s.tenant_id, s.person, s.event_date, s.deadline, min(e.n) as n
    from checkout_started as s
    inner join numbered as e on e.tenant_id = s.tenant_id and e.person = s.person
    where e.event_type = 'purchase' and e.n > s.n and e.occurred_at < s.deadline
    group by 1, 2, 3, 4
),

reached as (
    select tenant_id, event_date, 1 as step from page_view
    union all select tenant_id, event_date, 2 from product_view
    union all select tenant_id, event_date, 3 from add_to_cart
    union all select tenant_id, event_date, 4 from checkout_started
    union all select tenant_id, event_date, 5 from purchase
),

counted as (
    select
        tenant_id,
        event_date,
        sum(case when step = 1 then 1 else 0 end) as p1,
        sum(case when step = 2 then 1 else 0 end) as p2,
        sum(case when step = 3 then 1 else 0 end) as p3,
        sum(case when step = 4 then 1 else 0 end) as p4,
        sum(case when step = 5 then 1 else 0 end) as p5
    from reached
    group by 1, 2
)

select
    tenant_id,
    event_date,
    cast(p1 as bigint) as page_view_persons,
    cast(p2 as bigint) as product_view_persons,
    cast(p3 as bigint) as add_to_cart_persons,
    cast(p4 as bigint) as checkout_started_persons,
    cast(p5 as bigint) as purchase_persons,
    cast(round(cast(1.0 * p2 / nullif(p1, 0) as decimal(38, 12)), 6) as decimal(18, 6)) as product_view_rate,
    cast(round(cast(1.0 * p3 / nullif(p2, 0) as decimal(38, 12)), 6) as decimal(18, 6)) as add_to_cart_rate,
    cast(round(cast(1.0 * p4 / nullif(p3, 0) as decimal(38, 12)), 6) as decimal(18, 6)) as checkout_started_rate,
    cast(round(cast(1.0 * p5 / nullif(p4, 0) as decimal(38, 12)), 6) as decimal(18, 6)) as purchase_rate,
    cast(round(cast(1.0 * p5 / nullif(p1, 0) as decimal(38, 12)), 6) as decimal(18, 6)) as conversion_rate,
    event_date + 8 <= (:as_of at time zone 'UTC')::date as is_complete
from counted
