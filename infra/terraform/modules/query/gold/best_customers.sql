-- Who are the ten best customers of each tenant?
-- Gives at most ten rows per tenant and currency.
WITH ranked AS (
  SELECT
    tenant_id, currency, customer_id, orders, revenue, last_order_at,
    row_number() OVER (PARTITION BY tenant_id, currency ORDER BY revenue DESC, customer_id) AS place
  FROM "${gold}".customer_ltv
  WHERE orders > 0
)
SELECT tenant_id, currency, place, customer_id, orders, revenue, last_order_at
FROM ranked
WHERE place <= 10
ORDER BY tenant_id, currency, place
