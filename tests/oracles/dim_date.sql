-- dim_date: every day of every year in which something happened.
with recursive subscribed as (
    select least(min(started_at) - interval '1 microsecond', :as_of) as t from core_subscription
    union all
    select t + interval '1 year' from subscribed where t + interval '1 year' <= :as_of
),

moment as (
    select order_date as t from core_order
    union all
    select occurred_at from core_event
    union all
    select issued_at from core_invoice
    union all
    select t from subscribed
    union all
    select :as_of
),

day as (
    select cast(date_trunc('year', t at time zone 'UTC') as date) as calendar_date
    from moment
    where t is not null
    group by 1
    union all
    select calendar_date + 1
    from day
    where extract(year from calendar_date + 1) = extract(year from calendar_date)
)

select
    calendar_date,
    cast(extract(year from calendar_date) as int) as year,
    cast(extract(quarter from calendar_date) as int) as quarter,
    cast(date_trunc('month', calendar_date) as date) as month,
    cast(extract(week from calendar_date) as int) as iso_week,
    cast(extract(day from calendar_date) as int) as day_of_month,
    cast(extract(isodow from calendar_date) as int) as iso_weekday,
    extract(isodow from calendar_date) in (6, 7) as is_weekend
from day
