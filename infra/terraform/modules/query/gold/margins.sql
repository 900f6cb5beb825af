-- What is left after cost, product by product?
-- Gives a row per product and currency.
SELECT
  product_id, currency, sum(units) AS units, sum(line_revenue) AS line_revenue, sum(cogs) AS cogs, sum(margin) AS margin,
  round(CAST(sum(margin) AS double) / nullif(CAST(sum(line_revenue) AS double), 0), 4) AS margin_rate
FROM "${gold}".product_performance
WHERE margin IS NOT NULL
GROUP BY product_id, currency
ORDER BY product_id, currency
