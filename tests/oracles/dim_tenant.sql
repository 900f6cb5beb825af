-- dim_tenant: a row for each stretch of time in which what is tracked stayed the same.
select
    md5(cast(id as varchar) || '|' || cast(cast(round(extract(epoch from valid_from) * 1000000) as bigint) as varchar)) as tenant_sk,
    id as tenant_id,
    name, slug, domain, is_active, plan_type, timezone, currency, locale,
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
                name, slug, domain, is_active, plan_type, timezone, currency, locale,
                _position,
                _business_time,
                case when _op in ('I', 'U') then cast(row(name, slug, domain, is_active, plan_type, timezone, currency, locale) as varchar) end as traits,
                row_number() over (partition by id, _business_time order by _position desc) as from_last
            from (
                select
                    id,
                    name,
                    slug,
                    domain,
                    is_active,
                    (settings ->> 'plan_type') as plan_type,
                    (settings ->> 'timezone') as timezone,
                    (settings ->> 'currency') as currency,
                    (settings ->> 'locale') as locale,
                    _op,
                    _position,
                    _business_time
                from tenant_version
            ) as version
        ) as instant
        where from_last = 1
    ) as change
    where first_at or traits is distinct from traits_before
) as stretch
where traits is not null
union all
select 'unknown', null, null, null, null, null, null, null, null, null, timestamptz '1900-01-01 00:00:00+00', null, true
