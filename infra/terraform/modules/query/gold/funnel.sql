-- Where do visitors leave on the way to a purchase?
-- Gives a row per tenant, whole days only.
SELECT
  tenant_id, sum(page_view_persons) AS page_view, sum(product_view_persons) AS product_view,
  sum(add_to_cart_persons) AS add_to_cart, sum(checkout_started_persons) AS checkout_started,
  sum(purchase_persons) AS purchase,
  round(CAST(sum(purchase_persons) AS double) / nullif(CAST(sum(page_view_persons) AS double), 0), 4) AS conversion_rate
FROM "${gold}".funnel_daily
WHERE is_complete
GROUP BY tenant_id
ORDER BY tenant_id
