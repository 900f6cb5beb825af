-- How many subscribers and how much MRR is lost?
-- Gives a row per tenant and month.
SELECT
  tenant_id, month, opening_subscribers, churned_subscribers, customer_churn_rate, gross_mrr_churn_rate,
  net_mrr_churn_rate
FROM "${gold}".subscription_monthly
WHERE is_complete
ORDER BY tenant_id, month
