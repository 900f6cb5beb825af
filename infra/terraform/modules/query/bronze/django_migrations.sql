-- How many rows of django_migrations DMS delivered in its full load, how many keys they have, and how many cells
-- are not of their column's type.
-- A NULL is N here: DMS writes \N, and OpenCSVSerDe drops backslashes.
WITH cells AS (
  SELECT
    NULLIF(CAST(col2 AS varchar), 'N') AS id,
    NULLIF(CAST(col3 AS varchar), 'N') AS app,
    NULLIF(CAST(col4 AS varchar), 'N') AS name,
    NULLIF(CAST(col5 AS varchar), 'N') AS applied
  FROM "${bronze}".django_migrations
)
SELECT
  count(*) AS rows_read,
  count(DISTINCT id) AS keys,
  count(id) - count(TRY_CAST(id AS bigint)) AS bad_id,
  count(applied) - count(TRY_CAST(applied AS timestamp(6))) AS bad_applied
FROM cells
