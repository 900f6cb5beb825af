"""Order: discount, tax and the total that they lead to."""

from decimal import Decimal

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.contracts.order import CONTRACT
from lakehouse_core.silver.steps import MONEY, Step, conforms, money, run


def discounted(frame: DataFrame) -> DataFrame:
    """Adds ``discount_amount`` = subtotal x discount_percent / 100 and ``taxable_amount`` = subtotal - discount_amount.

    The percentage is multiplied by 0.01, which is exact, where a decimal division would choose its own scale.
    """
    discount = money(F.col("subtotal") * F.col("discount_percent") * F.lit(Decimal("0.01")))
    return frame.withColumn("discount_amount", discount).withColumn(
        "taxable_amount", (F.col("subtotal") - F.col("discount_amount")).cast(MONEY)
    )


def taxed(frame: DataFrame) -> DataFrame:
    """Adds ``tax_amount`` = taxable_amount x tax_rate."""
    return frame.withColumn("tax_amount", money(F.col("taxable_amount") * F.col("tax_rate")))


def totalled(frame: DataFrame) -> DataFrame:
    """Adds ``expected_total`` = taxable + tax + shipping and ``total_matches``."""
    expected = F.col("taxable_amount") + F.col("tax_amount") + F.col("shipping_amount")
    return frame.withColumn("expected_total", expected.cast(MONEY)).withColumn(
        "total_matches", F.col("total_amount") == F.col("expected_total")
    )


STEPS: tuple[Step, ...] = (conforms(CONTRACT), discounted, taxed, totalled)


def clean(frame: DataFrame) -> DataFrame:
    """One row per row of the frame, with the order's derived columns; ContractBroken if it is no order frame."""
    return run(frame, STEPS)
