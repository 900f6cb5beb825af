-- How many rows of core_invoice DMS delivered in its full load, how many keys they have, and how many cells are
-- not of their column's type.
-- A NULL is N here: DMS writes \N, and OpenCSVSerDe drops backslashes.
WITH cells AS (
  SELECT
    NULLIF(CAST(col2 AS varchar), 'N') AS id,
    NULLIF(CAST(col3 AS varchar), 'N') AS tenant_id,
    NULLIF(CAST(col4 AS varchar), 'N') AS customer_id,
    NULLIF(CAST(col5 AS varchar), 'N') AS subscription_id,
    NULLIF(CAST(col6 AS varchar), 'N') AS invoice_number,
    NULLIF(CAST(col7 AS varchar), 'N') AS status,
    NULLIF(CAST(col8 AS varchar), 'N') AS amount_due,
    NULLIF(CAST(col9 AS varchar), 'N') AS amount_paid,
    NULLIF(CAST(col10 AS varchar), 'N') AS issued_at,
    NULLIF(CAST(col11 AS varchar), 'N') AS due_date,
    NULLIF(CAST(col12 AS varchar), 'N') AS paid_at,
    NULLIF(CAST(col13 AS varchar), 'N') AS created_at,
    NULLIF(CAST(col14 AS varchar), 'N') AS updated_at
  FROM "${bronze}".core_invoice
)
SELECT
  count(*) AS rows_read,
  count(DISTINCT id) AS keys,
  count(id) - count(TRY_CAST(id AS bigint)) AS bad_id,
  count(tenant_id) - count(TRY_CAST(tenant_id AS bigint)) AS bad_tenant_id,
  count(customer_id) - count(TRY_CAST(customer_id AS bigint)) AS bad_customer_id,
  count(subscription_id) - count(TRY_CAST(subscription_id AS bigint)) AS bad_subscription_id,
  count(amount_due) - count(TRY_CAST(amount_due AS decimal(12,2))) AS bad_amount_due,
  count(amount_paid) - count(TRY_CAST(amount_paid AS decimal(12,2))) AS bad_amount_paid,
  count(issued_at) - count(TRY_CAST(issued_at AS timestamp(6))) AS bad_issued_at,
  count(due_date) - count(TRY_CAST(due_date AS date)) AS bad_due_date,
  count(paid_at) - count(TRY_CAST(paid_at AS timestamp(6))) AS bad_paid_at,
  count(created_at) - count(TRY_CAST(created_at AS timestamp(6))) AS bad_created_at,
  count(updated_at) - count(TRY_CAST(updated_at AS timestamp(6))) AS bad_updated_at
FROM cells
