-- What moved monthly recurring revenue?
-- Gives a row per currency and month.
SELECT
  currency, month,
  sum(opening_mrr) AS opening_mrr, sum(new_mrr) AS new_mrr, sum(expansion_mrr) AS expansion_mrr,
  sum(contraction_mrr) AS contraction_mrr, sum(churned_mrr) AS churned_mrr,
  sum(reactivation_mrr) AS reactivation_mrr, sum(closing_mrr) AS closing_mrr
FROM "${gold}".subscription_monthly
GROUP BY currency, month
ORDER BY currency, month
