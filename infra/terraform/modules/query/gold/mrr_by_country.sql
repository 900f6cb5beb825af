-- In which countries do subscribers live, as of each month's close?
-- Gives a row per country, month and currency.
SELECT c.country, f.month, f.currency, count(DISTINCT c.customer_id) AS subscribers, sum(f.closing_mrr) AS closing_mrr
FROM "${gold}".fact_subscription_month AS f
JOIN "${gold}".dim_customer AS c ON c.customer_sk = f.customer_sk
GROUP BY c.country, f.month, f.currency
ORDER BY f.month, f.currency, c.country
