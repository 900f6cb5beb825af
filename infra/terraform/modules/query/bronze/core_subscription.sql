-- How many rows of core_subscription DMS delivered in its full load, how many keys they have, and how many cells
-- are not of their column's type.
-- A NULL is N here: DMS writes \N, and OpenCSVSerDe drops backslashes.
WITH cells AS (
  SELECT
    NULLIF(CAST(col2 AS varchar), 'N') AS id,
    NULLIF(CAST(col3 AS varchar), 'N') AS tenant_id,
    NULLIF(CAST(col4 AS varchar), 'N') AS customer_id,
    NULLIF(CAST(col5 AS varchar), 'N') AS plan,
    NULLIF(CAST(col6 AS varchar), 'N') AS status,
    NULLIF(CAST(col7 AS varchar), 'N') AS billing_interval,
    NULLIF(CAST(col8 AS varchar), 'N') AS quantity,
    NULLIF(CAST(col9 AS varchar), 'N') AS unit_amount,
    NULLIF(CAST(col10 AS varchar), 'N') AS started_at,
    NULLIF(CAST(col11 AS varchar), 'N') AS trial_end_at,
    NULLIF(CAST(col12 AS varchar), 'N') AS cancelled_at,
    NULLIF(CAST(col13 AS varchar), 'N') AS ended_at,
    NULLIF(CAST(col14 AS varchar), 'N') AS created_at,
    NULLIF(CAST(col15 AS varchar), 'N') AS updated_at
  FROM "${bronze}".core_subscription
)
SELECT
  count(*) AS rows_read,
  count(DISTINCT id) AS keys,
  count(id) - count(TRY_CAST(id AS bigint)) AS bad_id,
  count(tenant_id) - count(TRY_CAST(tenant_id AS bigint)) AS bad_tenant_id,
  count(customer_id) - count(TRY_CAST(customer_id AS bigint)) AS bad_customer_id,
  count(quantity) - count(TRY_CAST(quantity AS integer)) AS bad_quantity,
  count(unit_amount) - count(TRY_CAST(unit_amount AS decimal(12,2))) AS bad_unit_amount,
  count(started_at) - count(TRY_CAST(started_at AS timestamp(6))) AS bad_started_at,
  count(trial_end_at) - count(TRY_CAST(trial_end_at AS timestamp(6))) AS bad_trial_end_at,
  count(cancelled_at) - count(TRY_CAST(cancelled_at AS timestamp(6))) AS bad_cancelled_at,
  count(ended_at) - count(TRY_CAST(ended_at AS timestamp(6))) AS bad_ended_at,
  count(created_at) - count(TRY_CAST(created_at AS timestamp(6))) AS bad_created_at,
  count(updated_at) - count(TRY_CAST(updated_at AS timestamp(6))) AS bad_updated_at
FROM cells
