-- Which plans carry the recurring revenue?
-- Gives a row per currency, month and plan.
SELECT
  currency, month, plan, count(*) AS subscriptions, sum(closing_mrr) AS closing_mrr,
  round(
    CAST(sum(closing_mrr) AS double) / CAST(sum(sum(closing_mrr)) OVER (PARTITION BY currency, month) AS double), 4
  ) AS share
FROM "${gold}".fact_subscription_month
GROUP BY currency, month, plan
ORDER BY currency, month, plan
