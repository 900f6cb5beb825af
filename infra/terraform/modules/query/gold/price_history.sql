-- Which products changed, when, and what do they cost now?
-- Gives a row per version of a product with more than one.
WITH versions AS (
  SELECT *, count(*) OVER (PARTITION BY product_id) AS versions FROM "${gold}".dim_product WHERE product_id IS NOT NULL
)
SELECT product_id, sku, price, cost, valid_from, valid_to, is_current
FROM versions
WHERE versions > 1
ORDER BY product_id, valid_from
