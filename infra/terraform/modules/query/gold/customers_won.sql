-- How many customers were won, and how many of them buy?
-- Gives a row per tenant and month.
SELECT
  tenant_id, month, new_customers, first_time_buyers,
  sum(new_customers) OVER (PARTITION BY tenant_id ORDER BY month) AS customers_so_far
FROM "${gold}".customer_acquisition
ORDER BY tenant_id, month
