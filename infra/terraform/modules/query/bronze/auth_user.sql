-- How many rows of auth_user DMS delivered in its full load, how many keys they have, and how many cells are not
-- of their column's type.
-- A NULL is N here: DMS writes \N, and OpenCSVSerDe drops backslashes.
WITH cells AS (
  SELECT
    NULLIF(CAST(col2 AS varchar), 'N') AS id,
    NULLIF(CAST(col3 AS varchar), 'N') AS last_login,
    NULLIF(CAST(col4 AS varchar), 'N') AS is_superuser,
    NULLIF(CAST(col5 AS varchar), 'N') AS username,
    NULLIF(CAST(col6 AS varchar), 'N') AS first_name,
    NULLIF(CAST(col7 AS varchar), 'N') AS last_name,
    NULLIF(CAST(col8 AS varchar), 'N') AS email,
    NULLIF(CAST(col9 AS varchar), 'N') AS is_staff,
    NULLIF(CAST(col10 AS varchar), 'N') AS is_active,
    NULLIF(CAST(col11 AS varchar), 'N') AS date_joined
  FROM "${bronze}".auth_user
)
SELECT
  count(*) AS rows_read,
  count(DISTINCT id) AS keys,
  count(id) - count(TRY_CAST(id AS integer)) AS bad_id,
  count(last_login) - count(TRY_CAST(last_login AS timestamp(6))) AS bad_last_login,
  count(is_superuser) - count(TRY_CAST(is_superuser AS boolean)) AS bad_is_superuser,
  count(is_staff) - count(TRY_CAST(is_staff AS boolean)) AS bad_is_staff,
  count(is_active) - count(TRY_CAST(is_active AS boolean)) AS bad_is_active,
  count(date_joined) - count(TRY_CAST(date_joined AS timestamp(6))) AS bad_date_joined
FROM cells
