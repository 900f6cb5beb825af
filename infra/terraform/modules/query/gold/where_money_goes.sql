-- What part of gross revenue is discount, tax and shipping?
-- Gives a row per month and currency.
SELECT
  month, currency,
  sum(gross_revenue) AS gross_revenue,
  sum(discount_amount) AS discount_amount,
  sum(tax_amount) AS tax_amount,
  sum(shipping_amount) AS shipping_amount,
  round(CAST(sum(discount_amount) AS double) / nullif(CAST(sum(gross_revenue) AS double), 0), 4) AS discount_share
FROM "${gold}".revenue_monthly
GROUP BY month, currency
ORDER BY month, currency
