{{ config(materialized='view') }}
select id, customer, cast(total as decimal(10, 2)) as total, cast(day as date) as day from {{ ref('orders') }}
