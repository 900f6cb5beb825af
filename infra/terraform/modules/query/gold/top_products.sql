-- Which three products sell best for each tenant?
-- Gives a row per tenant, month, currency and place.
SELECT tenant_id, month, currency, rank_in_tenant, product_id, units, line_revenue
FROM "${gold}".product_performance
WHERE rank_in_tenant <= 3
ORDER BY tenant_id, month, currency, rank_in_tenant, product_id
