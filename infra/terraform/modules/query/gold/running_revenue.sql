-- What has come in since the start of the year?
-- Gives a row per currency and day.
WITH days AS (
  SELECT currency, revenue_date, sum(gross_revenue) AS gross_revenue
  FROM "${gold}".revenue_daily
  GROUP BY currency, revenue_date
)
SELECT
  currency, revenue_date, gross_revenue,
  sum(gross_revenue) OVER (
    PARTITION BY currency, year(revenue_date) ORDER BY revenue_date ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS year_to_date
FROM days
ORDER BY currency, revenue_date
