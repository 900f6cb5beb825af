-- subscription_monthly: MRR of every customer at every month's first instant and at as_of, then the differences.
with recursive versions as (
    select
        *,
        round(cast(
            quantity * unit_amount / case when billing_interval = 'year' then 12.0 else 1.0 end as decimal(38, 9)
        ), 2) as mrr,
        greatest(started_at, coalesce(trial_end_at, started_at)) as pays_from,
        lag(_position) over (partition by id order by _position) as before,
        lead(_business_time) over (partition by id order by _position) as superseded_at
    from subscription_version
),

paid as (
    select
        tenant_id,
        customer_id,
        min(case when before is null or pays_from > _business_time then pays_from else _business_time end) as first_paid_at
    from versions
    where _op in ('I', 'U') and mrr > 0 and pays_from <= :as_of
        and (before is null or _business_time <= :as_of)
        and pays_from < coalesce(ended_at, timestamptz '9000-01-01 00:00:00+00')
        and pays_from < coalesce(superseded_at, timestamptz '9000-01-01 00:00:00+00')
        and (before is null or _business_time < coalesce(ended_at, timestamptz '9000-01-01 00:00:00+00'))
        and (before is null or _business_time < coalesce(superseded_at, timestamptz '9000-01-01 00:00:00+00'))
    group by 1, 2
),

tenant_month as (
    select
        tenant_id,
        -- What begins at a month's first instant belongs to its opening: it came in the month before.
        date_trunc('month', (min(first_paid_at) - interval '1 microsecond') at time zone 'UTC')::date as month
    from paid
    group by 1
    union all
    select tenant_id, (month + interval '1 month')::date
    from tenant_month
    where (month + interval '1 month')::date <= date_trunc('month', :as_of at time zone 'UTC')::date
),

moment as (
    select month, 'open' as edge, cast(month as timestamp) at time zone 'UTC' as t from tenant_month
    union
    select month, 'close', least(cast((month + interval '1 month') as timestamp) at time zone 'UTC', :as_of)
    from tenant_month
),

-- The version that held at each moment: the last one captured by then, else the first one of all.
candidate as (
    select
        moment.month,
        moment.edge,
        moment.t,
        versions.*,
        row_number() over (
            partition by versions.id, moment.month, moment.edge
            order by
                case when versions._business_time <= moment.t then 0 else 1 end,
                case when versions._business_time <= moment.t then versions._position end desc,
                versions._position
        ) as choice
    from moment
    cross join versions
),

customer_edge as (
    select tenant_id, customer_id, month, edge, sum(mrr) as mrr
    from candidate
    where choice = 1 and _op in ('I', 'U') and mrr > 0
        and pays_from <= t and (ended_at is null or t < ended_at)
    group by 1, 2, 3, 4
),

customer_month as (
    select
        paid.tenant_id,
        paid.customer_id,
        tenant_month.month,
        paid.first_paid_at < cast(tenant_month.month as timestamp) at time zone 'UTC' as paid_before,
        coalesce(o.mrr, 0) as opening,
        coalesce(c.mrr, 0) as closing
    from paid
    inner join tenant_month on tenant_month.tenant_id = paid.tenant_id
    left join customer_edge as o
        on o.tenant_id = paid.tenant_id and o.customer_id = paid.customer_id
        and o.month = tenant_month.month and o.edge = 'open'
    left join customer_edge as c
        on c.tenant_id = paid.tenant_id and c.customer_id = paid.customer_id
        and c.month = tenant_month.month and c.edge = 'close'
),

movement as (
    select
        tenant_id,
        month,
        sum(opening) as opening_mrr,
        sum(case when opening = 0 and not paid_before then closing else 0 end) as new_mrr,
        sum(case when opening > 0 and closing > opening then closing - opening else 0 end) as expansion_mrr,
        sum(case when closing > 0 and closing < opening then closing - opening else 0 end) as contraction_mrr,
        sum(case when closing = 0 then -opening else 0 end) as churned_mrr,
        sum(case when opening = 0 and paid_before then closing else 0 end) as reactivation_mrr,
        sum(closing) as closing_mrr,
        sum(case when opening > 0 then 1 else 0 end) as opening_subscribers,
        sum(case when closing > 0 then 1 else 0 end) as active_subscribers,
        sum(case when opening > 0 and closing = 0 then 1 else 0 end) as churned_subscribers
    from customer_month
    group by 1, 2
)

select
    movement.tenant_id,
    month,
    (core_tenant.settings ->> 'currency') as currency,
    cast(opening_mrr as decimal(22, 2)) as opening_mrr,
    cast(new_mrr as decimal(22, 2)) as new_mrr,
    cast(expansion_mrr as decimal(22, 2)) as expansion_mrr,
    cast(contraction_mrr as decimal(22, 2)) as contraction_mrr,
    cast(churned_mrr as decimal(22, 2)) as churned_mrr,
    cast(reactivation_mrr as decimal(22, 2)) as reactivation_mrr,
    cast(closing_mrr as decimal(22, 2)) as closing_mrr,
    cast(opening_subscribers as bigint) as opening_subscribers,
    cast(active_subscribers as bigint) as active_subscribers,
    cast(churned_subscribers as bigint) as churned_subscribers,
    cast(round(cast(closing_mrr / nullif(active_subscribers, 0) as decimal(38, 9)), 2) as decimal(22, 2)) as arpu,
    cast(round(cast(1.0 * churned_subscribers / nullif(opening_subscribers, 0) as decimal(38, 12)), 6)
        as decimal(18, 6)) as customer_churn_rate,
    cast(round(cast(-(churned_mrr + contraction_mrr) / nullif(opening_mrr, 0) as decimal(38, 12)), 6)
        as decimal(18, 6)) as gross_mrr_churn_rate,
    cast(round(cast(-(churned_mrr + contraction_mrr + expansion_mrr) / nullif(opening_mrr, 0) as decimal(38, 12)), 6)
        as decimal(18, 6)) as net_mrr_churn_rate,
    (month + interval '1 month')::date <= (:as_of at time zone 'UTC')::date as is_complete
from movement
left join core_tenant on core_tenant.id = movement.tenant_id
