-- How many rows of core_orderitem DMS delivered in its full load, how many keys they have, and how many cells
-- are not of their column's type.
-- A NULL is N here: DMS writes \N, and OpenCSVSerDe drops backslashes.
WITH cells AS (
  SELECT
    NULLIF(CAST(col2 AS varchar), 'N') AS id,
    NULLIF(CAST(col3 AS varchar), 'N') AS order_id,
    NULLIF(CAST(col4 AS varchar), 'N') AS product_id,
    NULLIF(CAST(col5 AS varchar), 'N') AS quantity,
    NULLIF(CAST(col6 AS varchar), 'N') AS unit_price,
    NULLIF(CAST(col7 AS varchar), 'N') AS line_total,
    NULLIF(CAST(col8 AS varchar), 'N') AS created_at,
    NULLIF(CAST(col9 AS varchar), 'N') AS updated_at
  FROM "${bronze}".core_orderitem
)
SELECT
  count(*) AS rows_read,
  count(DISTINCT id) AS keys,
  count(id) - count(TRY_CAST(id AS bigint)) AS bad_id,
  count(order_id) - count(TRY_CAST(order_id AS bigint)) AS bad_order_id,
  count(product_id) - count(TRY_CAST(product_id AS bigint)) AS bad_product_id,
  count(quantity) - count(TRY_CAST(quantity AS integer)) AS bad_quantity,
  count(unit_price) - count(TRY_CAST(unit_price AS decimal(12,2))) AS bad_unit_price,
  count(line_total) - count(TRY_CAST(line_total AS decimal(12,2))) AS bad_line_total,
  count(created_at) - count(TRY_CAST(created_at AS timestamp(6))) AS bad_created_at,
  count(updated_at) - count(TRY_CAST(updated_at AS timestamp(6))) AS bad_updated_at
FROM cells
