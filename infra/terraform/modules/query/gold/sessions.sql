-- How long are visits, and how many end in a purchase?
-- Gives a row per month.
SELECT
  CAST(date_trunc('month', start_day) AS date) AS month, count(*) AS sessions, sum(events) AS events,
  sum(CASE WHEN has_purchase THEN 1 ELSE 0 END) AS with_purchase,
  round(avg(CAST(duration_seconds AS double)), 2) AS mean_seconds
FROM "${gold}".fact_session
GROUP BY CAST(date_trunc('month', start_day) AS date)
ORDER BY month
