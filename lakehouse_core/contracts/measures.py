"""Measures of one row that more than one room needs: SQL expressions over the contract's columns, as values.

They are text, not Spark columns, so that contracts stay free of any engine; ``pyspark.sql.functions.expr`` reads them.
"""

MRR_AMOUNT = (
    "cast(round(case when billing_interval = 'year' then quantity * unit_amount / 12 "
    "else quantity * unit_amount end, 2) as decimal(22,2))"
)
"""A subscription's monthly recurring revenue in the tenant's currency: quantity x unit amount, a yearly price as a
twelfth of it, half-up to the cent (ChartMogul: recurring amounts normalised to a month). decimal(22,2) holds the
product of any integer with any numeric(12,2). Dividing by 12 leaves six decimals first, which cannot cross a half cent:
a twelfth of a whole number of cents is at least 1/12 of a cent away from one that it does not hit."""
