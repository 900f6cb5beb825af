-- Right after a full load the history of a table is its rows, all captured at the load's clock.
create temporary view product_version as
select *, 'I' as _op, '0001.0.0000000000000000.00000000' as _position, :as_of as _business_time from core_product;

create temporary view subscription_version as
select *, 'I' as _op, '0001.0.0000000000000000.00000000' as _position, :as_of as _business_time from core_subscription;

create temporary view invoice_version as
select *, 'I' as _op, '0001.0.0000000000000000.00000000' as _position, :as_of as _business_time from core_invoice;

create temporary view tenant_version as
select *, 'I' as _op, '0001.0.0000000000000000.00000000' as _position, :as_of as _business_time from core_tenant;

create temporary view customer_version as
select *, 'I' as _op, '0001.0.0000000000000000.00000000' as _position, :as_of as _business_time from core_customer;
