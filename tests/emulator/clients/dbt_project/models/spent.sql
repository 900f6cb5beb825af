{{ config(materialized='table', format='parquet') }}
select customer, sum(total) as total from {{ ref('paid') }} group by customer
