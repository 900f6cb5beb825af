-- And quarter by quarter?
-- Gives a row per year, quarter and currency.
SELECT d.year, d.quarter, r.currency, sum(r.gross_revenue) AS gross_revenue, sum(r.net_revenue) AS net_revenue
FROM "${gold}".revenue_daily AS r
JOIN "${gold}".dim_date AS d ON d.calendar_date = r.revenue_date
GROUP BY d.year, d.quarter, r.currency
ORDER BY d.year, d.quarter, r.currency
