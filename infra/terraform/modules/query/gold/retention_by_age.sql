-- What part of a cohort buys again after some months?
-- Gives a row per month since the first order.
SELECT
  months_since,
  sum(cohort_size) AS customers,
  sum(active_customers) AS active,
  round(CAST(sum(active_customers) AS double) / CAST(sum(cohort_size) AS double), 4) AS retention_rate
FROM "${gold}".customer_retention
WHERE is_complete
GROUP BY months_since
ORDER BY months_since
