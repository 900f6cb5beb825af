-- On which days of the week is bought?
-- Gives a row per day of the week and currency.
SELECT d.iso_weekday, d.is_weekend, r.currency, sum(r.order_count) AS orders, sum(r.gross_revenue) AS gross_revenue
FROM "${gold}".revenue_daily AS r
JOIN "${gold}".dim_date AS d ON d.calendar_date = r.revenue_date
GROUP BY d.iso_weekday, d.is_weekend, r.currency
ORDER BY r.currency, d.iso_weekday
