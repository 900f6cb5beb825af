-- How long do invoices take to be paid?
-- Gives a row per month of issue and currency.
SELECT
  CAST(date_trunc('month', issue_day) AS date) AS month, currency, count(*) AS paid_invoices,
  min(date_diff('day', issue_day, paid_day)) AS fastest, max(date_diff('day', issue_day, paid_day)) AS slowest,
  round(avg(CAST(date_diff('day', issue_day, paid_day) AS double)), 2) AS mean_days
FROM "${gold}".fact_invoice
WHERE status = 'paid' AND paid_day IS NOT NULL
GROUP BY CAST(date_trunc('month', issue_day) AS date), currency
ORDER BY month, currency
