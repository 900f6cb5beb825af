-- And cohort by cohort, side by side?
-- Gives a row per cohort, a column per month.
SELECT
  cohort_month,
  max(CASE WHEN months_since = 0 THEN cohort_size END) AS cohort_size,
  sum(CASE WHEN months_since = 1 THEN active_customers END) AS month_1,
  sum(CASE WHEN months_since = 2 THEN active_customers END) AS month_2,
  sum(CASE WHEN months_since = 3 THEN active_customers END) AS month_3,
  sum(CASE WHEN months_since = 6 THEN active_customers END) AS month_6
FROM "${gold}".customer_retention
WHERE is_complete
GROUP BY cohort_month
ORDER BY cohort_month
