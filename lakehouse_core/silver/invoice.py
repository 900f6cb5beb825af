"""Invoice: what is still owed, and whether status, payment and amounts agree."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.contracts.invoice import CONTRACT
from lakehouse_core.silver.steps import MONEY, Step, conforms, run


def balanced(frame: DataFrame) -> DataFrame:
    """Adds ``balance`` = amount_due - amount_paid."""
    return frame.withColumn("balance", (F.col("amount_due") - F.col("amount_paid")).cast(MONEY))


def consistent(frame: DataFrame) -> DataFrame:
    """Adds ``status_is_consistent``: paid if and only if paid_at is there and all is paid; void only if nothing is."""
    is_settled = F.col("paid_at").isNotNull() & (F.col("amount_paid") == F.col("amount_due"))
    is_void_unpaid = (F.col("status") != "void") | (F.col("amount_paid") == 0)
    return frame.withColumn("status_is_consistent", ((F.col("status") == "paid") == is_settled) & is_void_unpaid)


STEPS: tuple[Step, ...] = (conforms(CONTRACT), balanced, consistent)


def clean(frame: DataFrame) -> DataFrame:
    """One row per row of the frame, with the invoice's derived columns; ContractBroken if it is no invoice frame."""
    return run(frame, STEPS)
