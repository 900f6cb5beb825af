-- How did revenue grow on the month before?
-- Gives a row per tenant, complete month and currency with a month before it.
WITH ordered AS (
  SELECT
    tenant_id, currency, month, gross_revenue,
    lag(gross_revenue) OVER (PARTITION BY tenant_id, currency ORDER BY month) AS before
  FROM "${gold}".revenue_monthly
  WHERE is_complete
)
SELECT
  tenant_id, currency, month, gross_revenue, before,
  round(CAST(gross_revenue - before AS double) / CAST(before AS double), 4) AS growth
FROM ordered
WHERE before > 0
ORDER BY tenant_id, currency, month
