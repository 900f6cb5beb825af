-- Do the movements add up to the close?
-- Gives no row.
SELECT
  tenant_id, month, currency, closing_mrr,
  opening_mrr + new_mrr + expansion_mrr + contraction_mrr + churned_mrr + reactivation_mrr AS added_up
FROM "${gold}".subscription_monthly
WHERE opening_mrr + new_mrr + expansion_mrr + contraction_mrr + churned_mrr + reactivation_mrr <> closing_mrr
