-- Which ten days brought most, in each currency?
-- Gives at most ten rows per currency.
WITH days AS (
  SELECT revenue_date, currency, sum(gross_revenue) AS gross_revenue, sum(order_count) AS orders
  FROM "${gold}".revenue_daily
  GROUP BY revenue_date, currency
),
ranked AS (
  SELECT *, row_number() OVER (PARTITION BY currency ORDER BY gross_revenue DESC, revenue_date) AS place FROM days
)
SELECT currency, place, revenue_date, gross_revenue, orders
FROM ranked
WHERE place <= 10
ORDER BY currency, place
