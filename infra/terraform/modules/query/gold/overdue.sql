-- What is owed, and how late is it?
-- Gives a row per currency and age, as of now.
SELECT currency, aging_bucket, sum(invoices) AS invoices, sum(balance) AS balance
FROM "${gold}".invoice_aging
WHERE as_of_date = (SELECT max(as_of_date) FROM "${gold}".invoice_aging)
GROUP BY currency, aging_bucket
ORDER BY currency, aging_bucket
