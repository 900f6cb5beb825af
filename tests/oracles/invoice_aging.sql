-- invoice_aging: the invoices open at the end of each complete month and at as_of.
with recursive calendar as (
    select date_trunc('month', min(issued_at) at time zone 'UTC')::date as month from invoice_version
    union all
    select (month + interval '1 month')::date
    from calendar
    where (month + interval '1 month')::date <= date_trunc('month', :as_of at time zone 'UTC')::date
),

ends as (
    select
        (month + interval '1 month')::date - 1 as as_of_date,
        cast((month + interval '1 month') as timestamp) at time zone 'UTC' - interval '1 microsecond' as t
    from calendar
    where (month + interval '1 month')::date <= (:as_of at time zone 'UTC')::date
    union all
    select (:as_of at time zone 'UTC')::date, :as_of
),

-- The version that held at each date: the last one captured by then, else the first one of all.
candidate as (
    select
        ends.as_of_date,
        ends.t,
        version.*,
        row_number() over (
            partition by version.id, ends.as_of_date
            order by
                case when version._business_time <= ends.t then 0 else 1 end,
                case when version._business_time <= ends.t then version._position end desc,
                version._position
        ) as choice
    from ends
    cross join invoice_version as version
),

owed as (
    select
        tenant_id,
        as_of_date,
        as_of_date - due_date as days_past_due,
        case when paid_at > t then amount_due else amount_due - amount_paid end as balance
    from candidate
    where choice = 1 and _op in ('I', 'U') and issued_at <= t
        and (status in ('open', 'uncollectible') or (status = 'paid' and paid_at > t))
)

select
    owed.tenant_id,
    owed.as_of_date,
    case
        when days_past_due <= 0 then 'current'
        when days_past_due <= 30 then '1-30'
        when days_past_due <= 60 then '31-60'
        when days_past_due <= 90 then '61-90'
        else '90+'
    end as aging_bucket,
    (core_tenant.settings ->> 'currency') as currency,
    cast(count(*) as bigint) as invoices,
    cast(sum(balance) as decimal(22, 2)) as balance,
    owed.as_of_date < (:as_of at time zone 'UTC')::date as is_complete
from owed
left join core_tenant on core_tenant.id = owed.tenant_id
group by 1, 2, 3, 4
