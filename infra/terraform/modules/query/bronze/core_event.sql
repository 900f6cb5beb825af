-- How many rows of core_event DMS delivered in its full load, how many keys they have, and how many cells are
-- not of their column's type.
-- A NULL is N here: DMS writes \N, and OpenCSVSerDe drops backslashes.
WITH cells AS (
  SELECT
    NULLIF(CAST(col2 AS varchar), 'N') AS id,
    NULLIF(CAST(col3 AS varchar), 'N') AS tenant_id,
    NULLIF(CAST(col4 AS varchar), 'N') AS customer_id,
    NULLIF(CAST(col5 AS varchar), 'N') AS anonymous_id,
    NULLIF(CAST(col6 AS varchar), 'N') AS event_type,
    NULLIF(CAST(col7 AS varchar), 'N') AS occurred_at,
    NULLIF(CAST(col8 AS varchar), 'N') AS metadata,
    NULLIF(CAST(col9 AS varchar), 'N') AS created_at,
    NULLIF(CAST(col10 AS varchar), 'N') AS updated_at
  FROM "${bronze}".core_event
)
SELECT
  count(*) AS rows_read,
  count(DISTINCT id) AS keys,
  count(id) - count(TRY_CAST(id AS bigint)) AS bad_id,
  count(tenant_id) - count(TRY_CAST(tenant_id AS bigint)) AS bad_tenant_id,
  count(customer_id) - count(TRY_CAST(customer_id AS bigint)) AS bad_customer_id,
  count(occurred_at) - count(TRY_CAST(occurred_at AS timestamp(6))) AS bad_occurred_at,
  count(metadata) - count(TRY(json_parse(metadata))) AS bad_metadata,
  count(created_at) - count(TRY_CAST(created_at AS timestamp(6))) AS bad_created_at,
  count(updated_at) - count(TRY_CAST(updated_at AS timestamp(6))) AS bad_updated_at
FROM cells
