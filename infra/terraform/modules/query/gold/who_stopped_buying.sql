-- Which customers bought often and not for 90 days?
-- Gives a row per customer, the best first.
SELECT tenant_id, customer_id, currency, orders, revenue, date_diff('day', last_order_at, latest.at) AS days_since
FROM "${gold}".customer_ltv
CROSS JOIN (SELECT max(last_order_at) AS at FROM "${gold}".customer_ltv) AS latest
WHERE orders >= 3 AND date_diff('day', last_order_at, latest.at) >= 90
ORDER BY revenue DESC, customer_id
LIMIT 100
