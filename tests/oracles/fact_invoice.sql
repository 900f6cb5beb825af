-- fact_invoice: each invoice in its tenant's currency.
select
    fact.id as invoice_id,
    coalesce(tenant.tenant_sk, 'unknown') as tenant_sk,
    coalesce(customer.customer_sk, 'unknown') as customer_sk,
    cast(fact.issued_at at time zone 'UTC' as date) as issue_day,
    fact.tenant_id,
    fact.subscription_id,
    fact.invoice_number,
    fact.status,
    (core_tenant.settings ->> 'currency') as currency,
    fact.due_date,
    cast(fact.paid_at at time zone 'UTC' as date) as paid_day,
    fact.amount_due,
    fact.amount_paid,
    cast(fact.amount_due - fact.amount_paid as decimal(22, 2)) as balance
from core_invoice as fact
left join core_tenant on core_tenant.id = fact.tenant_id
left join (:dim_tenant) as tenant on tenant.tenant_id = fact.tenant_id and tenant.valid_from <= fact.issued_at and fact.issued_at < coalesce(tenant.valid_to, timestamptz '9000-01-01 00:00:00+00')
left join (:dim_customer) as customer on customer.customer_id = fact.customer_id and customer.valid_from <= fact.issued_at and fact.issued_at < coalesce(customer.valid_to, timestamptz '9000-01-01 00:00:00+00')
