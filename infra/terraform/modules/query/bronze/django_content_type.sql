-- How many rows of django_content_type DMS delivered in its full load, how many keys they have, and how many
-- cells are not of their column's type.
-- A NULL is N here: DMS writes \N, and OpenCSVSerDe drops backslashes.
WITH cells AS (
  SELECT
    NULLIF(CAST(col2 AS varchar), 'N') AS id,
    NULLIF(CAST(col3 AS varchar), 'N') AS app_label,
    NULLIF(CAST(col4 AS varchar), 'N') AS model
  FROM "${bronze}".django_content_type
)
SELECT
  count(*) AS rows_read,
  count(DISTINCT id) AS keys,
  count(id) - count(TRY_CAST(id AS integer)) AS bad_id
FROM cells
