-- What did each tenant turn over, month by month?
-- Gives a row per tenant, month and currency.
SELECT tenant_id, month, currency, order_count, gross_revenue, net_revenue, average_order_value, is_complete
FROM "${gold}".revenue_monthly
ORDER BY tenant_id, month, currency
