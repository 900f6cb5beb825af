{{ config(materialized='incremental', incremental_strategy='insert_overwrite', partitioned_by=['day'], format='parquet') }}
select count(*) as orders, day from {{ ref('paid') }} group by day
