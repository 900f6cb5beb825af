-- How is revenue spread over customers?
-- Gives a row per currency and band.
WITH banded AS (
  SELECT
    currency, revenue,
    CASE
      WHEN revenue = 0 THEN '0 none'
      WHEN revenue < 100 THEN '1 below 100'
      WHEN revenue < 1000 THEN '2 100 to 999'
      WHEN revenue < 10000 THEN '3 1,000 to 9,999'
      ELSE '4 10,000 and more'
    END AS band
  FROM "${gold}".customer_ltv
)
SELECT currency, band, count(*) AS customers, sum(revenue) AS revenue
FROM banded
GROUP BY currency, band
ORDER BY currency, band
