-- product_performance: sold lines with the cost that held at order_date; turnover over time-weighted stock value.
with recursive line as (
    select
        core_orderitem.id as line_id,
        core_order.tenant_id,
        core_orderitem.product_id,
        core_order.currency,
        core_order.order_date,
        date_trunc('month', core_order.order_date at time zone 'UTC')::date as month,
        core_orderitem.quantity,
        core_orderitem.line_total
    from core_orderitem
    inner join core_order on core_order.id = core_orderitem.order_id
    where core_order.status = 'completed'
),

-- The last version captured by order_date, else the first one of all.
candidate as (
    select
        line.*,
        version.cost,
        version._business_time > line.order_date as is_backcast,
        row_number() over (
            partition by line.line_id
            order by
                case when version._business_time <= line.order_date then 0 else 1 end,
                case when version._business_time <= line.order_date then version._position end desc,
                version._position
        ) as choice
    from line
    left join product_version as version on version.id = line.product_id and version._op in ('I', 'U')
),

sold as (
    select
        tenant_id,
        product_id,
        month,
        currency,
        sum(quantity) as units,
        sum(line_total) as line_revenue,
        sum(quantity * cost) as cogs,
        bool_or(coalesce(is_backcast, false)) as cost_is_backcast
    from candidate
    where choice = 1
    group by 1, 2, 3, 4
),

held as (
    select
        id,
        _op,
        cast(stock_quantity * cost as decimal(20, 2)) as value,
        _business_time as held_from,
        least(coalesce(lead(_business_time) over (partition by id order by _position), :as_of), :as_of) as held_to
    from product_version
),

calendar as (
    select date_trunc('month', min(held_from) at time zone 'UTC')::date as month from held
    union all
    select (month + interval '1 month')::date
    from calendar
    where (month + interval '1 month')::date <= (:as_of at time zone 'UTC')::date
),

clipped as (
    select
        held.id,
        calendar.month,
        held.value,
        cast(extract(epoch from (
            least(held.held_to, cast((calendar.month + interval '1 month') as timestamp) at time zone 'UTC')
            - greatest(held.held_from, cast(calendar.month as timestamp) at time zone 'UTC')
        )) as decimal(18, 6)) as seconds
    from held
    cross join calendar
    where held._op in ('I', 'U')
        and greatest(held.held_from, cast(calendar.month as timestamp) at time zone 'UTC')
        < least(held.held_to, cast((calendar.month + interval '1 month') as timestamp) at time zone 'UTC')
),

stock as (
    select id, month, sum(seconds) as seconds, sum(value * seconds) as value_seconds from clipped group by 1, 2
),

priced as (
    select
        sold.tenant_id,
        sold.product_id,
        sold.month,
        sold.currency,
        sold.units,
        sold.line_revenue,
        case
            when (core_tenant.settings ->> 'currency') <> sold.currency then null else sold.cogs
        end as cogs,
        sold.cost_is_backcast
    from sold
    left join core_tenant on core_tenant.id = sold.tenant_id
)

select
    priced.tenant_id,
    priced.product_id,
    priced.month,
    priced.currency,
    cast(units as bigint) as units,
    cast(line_revenue as decimal(22, 2)) as line_revenue,
    cast(cogs as decimal(22, 2)) as cogs,
    cost_is_backcast,
    cast(line_revenue - cogs as decimal(22, 2)) as margin,
    cast(dense_rank() over (partition by priced.tenant_id, priced.month, currency order by line_revenue desc) as integer)
        as rank_in_tenant,
    case when seconds >= 86400 then
        cast(round(cast(cogs * seconds / nullif(value_seconds, 0) as decimal(38, 12)), 6) as decimal(18, 6))
    end as inventory_turnover,
    cast(round(cast(coalesce(seconds, 0) / 86400.0 as decimal(38, 12)), 6) as decimal(18, 6)) as stock_coverage_days,
    (priced.month + interval '1 month')::date <= (:as_of at time zone 'UTC')::date as is_complete
from priced
left join stock on stock.id = priced.product_id and stock.month = priced.month
