-- How many rows of core_product DMS delivered in its full load, how many keys they have, and how many cells are
-- not of their column's type.
-- A NULL is N here: DMS writes \N, and OpenCSVSerDe drops backslashes.
WITH cells AS (
  SELECT
    NULLIF(CAST(col2 AS varchar), 'N') AS id,
    NULLIF(CAST(col3 AS varchar), 'N') AS tenant_id,
    NULLIF(CAST(col4 AS varchar), 'N') AS sku,
    NULLIF(CAST(col5 AS varchar), 'N') AS name,
    NULLIF(CAST(col6 AS varchar), 'N') AS category,
    NULLIF(CAST(col7 AS varchar), 'N') AS price,
    NULLIF(CAST(col8 AS varchar), 'N') AS cost,
    NULLIF(CAST(col9 AS varchar), 'N') AS stock_quantity,
    NULLIF(CAST(col10 AS varchar), 'N') AS is_active,
    NULLIF(CAST(col11 AS varchar), 'N') AS created_at,
    NULLIF(CAST(col12 AS varchar), 'N') AS updated_at
  FROM "${bronze}".core_product
)
SELECT
  count(*) AS rows_read,
  count(DISTINCT id) AS keys,
  count(id) - count(TRY_CAST(id AS bigint)) AS bad_id,
  count(tenant_id) - count(TRY_CAST(tenant_id AS bigint)) AS bad_tenant_id,
  count(price) - count(TRY_CAST(price AS decimal(12,2))) AS bad_price,
  count(cost) - count(TRY_CAST(cost AS decimal(12,2))) AS bad_cost,
  count(stock_quantity) - count(TRY_CAST(stock_quantity AS integer)) AS bad_stock_quantity,
  count(is_active) - count(TRY_CAST(is_active AS boolean)) AS bad_is_active,
  count(created_at) - count(TRY_CAST(created_at AS timestamp(6))) AS bad_created_at,
  count(updated_at) - count(TRY_CAST(updated_at AS timestamp(6))) AS bad_updated_at
FROM cells
