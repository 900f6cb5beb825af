{{ config(materialized='incremental', incremental_strategy='append', format='parquet') }}
select id from {{ ref('paid') }}
{% if is_incremental() %} where id > (select max(id) - 1 from {{ this }}) {% endif %}
