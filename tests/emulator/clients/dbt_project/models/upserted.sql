{{ config(materialized='incremental', incremental_strategy='merge', unique_key='id', table_type='iceberg', enabled=var('iceberg', false)) }}
select id from {{ ref('paid') }}
