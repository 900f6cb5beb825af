-- How many facts name somebody who was not there?
-- Gives a row per fact table.
SELECT 'fact_order_line' AS fact, count(*) AS rows_in_all, sum(CASE WHEN customer_sk = 'unknown' THEN 1 ELSE 0 END) AS without_customer
FROM "${gold}".fact_order_line
UNION ALL
SELECT 'fact_session', count(*), sum(CASE WHEN customer_sk = 'unknown' THEN 1 ELSE 0 END)
FROM "${gold}".fact_session
UNION ALL
SELECT 'fact_invoice', count(*), sum(CASE WHEN customer_sk = 'unknown' THEN 1 ELSE 0 END)
FROM "${gold}".fact_invoice
ORDER BY fact
