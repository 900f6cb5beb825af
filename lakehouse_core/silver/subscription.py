"""Subscription: monthly recurring revenue and churn."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.contracts.measures import MRR_AMOUNT
from lakehouse_core.contracts.subscription import CONTRACT
from lakehouse_core.silver.steps import Step, conforms, run


def recurring(frame: DataFrame) -> DataFrame:
    """Adds ``mrr_amount``, the measure that gold takes of a subscription's versions too."""
    return frame.withColumn("mrr_amount", F.expr(MRR_AMOUNT))


def churned(frame: DataFrame) -> DataFrame:
    """Adds ``is_churned`` (it has an end; a request to cancel is none yet) and ``churned_at``."""
    is_row = F.col("status").isNotNull()  # a tombstone is neither churned nor not
    return frame.withColumns(
        {"is_churned": F.when(is_row, F.col("ended_at").isNotNull()), "churned_at": F.col("ended_at")}
    )


STEPS: tuple[Step, ...] = (conforms(CONTRACT), recurring, churned)


def clean(frame: DataFrame) -> DataFrame:
    """One row per row of the frame, with its derived columns; ContractBroken if it is no subscription frame."""
    return run(frame, STEPS)
