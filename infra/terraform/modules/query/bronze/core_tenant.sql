-- How many rows of core_tenant DMS delivered in its full load, how many keys they have, and how many cells are
-- not of their column's type.
-- A NULL is N here: DMS writes \N, and OpenCSVSerDe drops backslashes.
WITH cells AS (
  SELECT
    NULLIF(CAST(col2 AS varchar), 'N') AS id,
    NULLIF(CAST(col3 AS varchar), 'N') AS name,
    NULLIF(CAST(col4 AS varchar), 'N') AS slug,
    NULLIF(CAST(col5 AS varchar), 'N') AS domain,
    NULLIF(CAST(col6 AS varchar), 'N') AS is_active,
    NULLIF(CAST(col7 AS varchar), 'N') AS settings,
    NULLIF(CAST(col8 AS varchar), 'N') AS created_at,
    NULLIF(CAST(col9 AS varchar), 'N') AS updated_at
  FROM "${bronze}".core_tenant
)
SELECT
  count(*) AS rows_read,
  count(DISTINCT id) AS keys,
  count(id) - count(TRY_CAST(id AS bigint)) AS bad_id,
  count(is_active) - count(TRY_CAST(is_active AS boolean)) AS bad_is_active,
  count(settings) - count(TRY(json_parse(settings))) AS bad_settings,
  count(created_at) - count(TRY_CAST(created_at AS timestamp(6))) AS bad_created_at,
  count(updated_at) - count(TRY_CAST(updated_at AS timestamp(6))) AS bad_updated_at
FROM cells
