-- Where did customers live when they ordered?
-- Gives a row per country and currency, completed orders.
SELECT
  coalesce(c.country, 'not known') AS country, f.currency, count(DISTINCT f.order_id) AS orders,
  sum(f.quantity) AS units, sum(f.line_total) AS line_total
FROM "${gold}".fact_order_line AS f
JOIN "${gold}".dim_customer AS c ON c.customer_sk = f.customer_sk
WHERE f.order_status = 'completed'
GROUP BY coalesce(c.country, 'not known'), f.currency
ORDER BY country, f.currency
