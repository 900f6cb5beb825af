-- dim_customer: a row for each stretch of time in which what is tracked stayed the same.
select
    md5(cast(id as varchar) || '|' || cast(cast(round(extract(epoch from valid_from) * 1000000) as bigint) as varchar)) as customer_sk,
    id as customer_id,
    tenant_id, email, first_name, last_name, phone, country, segment, is_active,
    valid_from,
    valid_to,
    valid_to is null as is_current
from (
    select
        *,
        case when first_at then timestamptz '1900-01-01 00:00:00+00' else _business_time end as valid_from,
        lead(_business_time) over (partition by id order by _position) as valid_to
    from (
        select
            *,
            lag(_position) over (partition by id order by _position) is null as first_at,
            lag(traits) over (partition by id order by _position) as traits_before
        from (
            select
                id,
                tenant_id, email, first_name, last_name, phone, country, segment, is_active,
                _position,
                _business_time,
                case when _op in ('I', 'U') then cast(row(tenant_id, email, first_name, last_name, phone, country, segment, is_active) as varchar) end as traits,
                row_number() over (partition by id, _business_time order by _position desc) as from_last
            from (
                select
                    id,
                    tenant_id,
                    email,
                    first_name,
                    last_name,
                    phone,
                    country,
                    segment,
                    is_active,
                    _op,
                    _position,
                    _business_time
                from customer_version
            ) as version
        ) as instant
        where from_last = 1
    ) as change
    where first_at or traits is distinct from traits_before
) as stretch
where traits is not null
union all
select 'unknown', null, null, null, null, null, null, null, null, null, timestamptz '1900-01-01 00:00:00+00', null, true
