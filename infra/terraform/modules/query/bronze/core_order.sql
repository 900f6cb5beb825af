-- How many rows of core_order DMS delivered in its full load, how many keys they have, and how many cells are
-- not of their column's type.
-- A NULL is N here: DMS writes \N, and OpenCSVSerDe drops backslashes.
WITH cells AS (
  SELECT
    NULLIF(CAST(col2 AS varchar), 'N') AS id,
    NULLIF(CAST(col3 AS varchar), 'N') AS tenant_id,
    NULLIF(CAST(col4 AS varchar), 'N') AS customer_id,
    NULLIF(CAST(col5 AS varchar), 'N') AS order_number,
    NULLIF(CAST(col6 AS varchar), 'N') AS status,
    NULLIF(CAST(col7 AS varchar), 'N') AS order_date,
    NULLIF(CAST(col8 AS varchar), 'N') AS subtotal,
    NULLIF(CAST(col9 AS varchar), 'N') AS tax_rate,
    NULLIF(CAST(col10 AS varchar), 'N') AS discount_percent,
    NULLIF(CAST(col11 AS varchar), 'N') AS shipping_amount,
    NULLIF(CAST(col12 AS varchar), 'N') AS total_amount,
    NULLIF(CAST(col13 AS varchar), 'N') AS currency,
    NULLIF(CAST(col14 AS varchar), 'N') AS created_at,
    NULLIF(CAST(col15 AS varchar), 'N') AS updated_at
  FROM "${bronze}".core_order
)
SELECT
  count(*) AS rows_read,
  count(DISTINCT id) AS keys,
  count(id) - count(TRY_CAST(id AS bigint)) AS bad_id,
  count(tenant_id) - count(TRY_CAST(tenant_id AS bigint)) AS bad_tenant_id,
  count(customer_id) - count(TRY_CAST(customer_id AS bigint)) AS bad_customer_id,
  count(order_date) - count(TRY_CAST(order_date AS timestamp(6))) AS bad_order_date,
  count(subtotal) - count(TRY_CAST(subtotal AS decimal(12,2))) AS bad_subtotal,
  count(tax_rate) - count(TRY_CAST(tax_rate AS decimal(6,4))) AS bad_tax_rate,
  count(discount_percent) - count(TRY_CAST(discount_percent AS decimal(5,2))) AS bad_discount_percent,
  count(shipping_amount) - count(TRY_CAST(shipping_amount AS decimal(12,2))) AS bad_shipping_amount,
  count(total_amount) - count(TRY_CAST(total_amount AS decimal(12,2))) AS bad_total_amount,
  count(created_at) - count(TRY_CAST(created_at AS timestamp(6))) AS bad_created_at,
  count(updated_at) - count(TRY_CAST(updated_at AS timestamp(6))) AS bad_updated_at
FROM cells
