-- Which products lose money?
-- Gives a row per product, month and currency with a negative margin.
SELECT tenant_id, product_id, month, currency, units, line_revenue, cogs, margin
FROM "${gold}".product_performance
WHERE margin < 0
ORDER BY margin, product_id, month, currency
