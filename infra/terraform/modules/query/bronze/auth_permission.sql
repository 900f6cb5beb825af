-- How many rows of auth_permission DMS delivered in its full load, how many keys they have, and how many cells
-- are not of their column's type.
-- A NULL is N here: DMS writes \N, and OpenCSVSerDe drops backslashes.
WITH cells AS (
  SELECT
    NULLIF(CAST(col2 AS varchar), 'N') AS id,
    NULLIF(CAST(col3 AS varchar), 'N') AS name,
    NULLIF(CAST(col4 AS varchar), 'N') AS content_type_id,
    NULLIF(CAST(col5 AS varchar), 'N') AS codename
  FROM "${bronze}".auth_permission
)
SELECT
  count(*) AS rows_read,
  count(DISTINCT id) AS keys,
  count(id) - count(TRY_CAST(id AS integer)) AS bad_id,
  count(content_type_id) - count(TRY_CAST(content_type_id AS integer)) AS bad_content_type_id
FROM cells
