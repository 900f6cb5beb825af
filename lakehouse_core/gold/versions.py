"""Captured versions as spans of business time: which values held when."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse_core.contracts.envelope import BUSINESS_TIME, OP, POSITION, Op

VALID_FROM = "_valid_from"
VALID_TO = "_valid_to"
CAPTURED_FROM = "_captured_from"


def spans(versions: DataFrame) -> DataFrame:
    """One row per version that holds values, with the half-open span of business time in which they held.

    ``_captured_from`` is the version's business time, ``_valid_from`` the same but NULL (always) for a key's first
    version: before the first captured version, that version's values apply. ``_valid_to`` is when the next version
    came, NULL (still) for the last. A delete closes the span and opens none; a version in quarantine does the same,
    because the key is absent from silver then. Order is by position; of several versions at one instant the last holds
    (the earlier spans are empty).
    """
    order = Window.partitionBy("id").orderBy(POSITION)
    return (
        versions.where(F.col("id").isNotNull())
        .withColumn(VALID_TO, F.lead(BUSINESS_TIME).over(order))
        .withColumn(VALID_FROM, F.when(F.lag(POSITION).over(order).isNotNull(), F.col(BUSINESS_TIME)))
        .withColumn(CAPTURED_FROM, F.col(BUSINESS_TIME))
        .where(F.col(OP).isin(Op.INSERT.value, Op.UPDATE.value))
        .drop(OP, POSITION, BUSINESS_TIME)
    )


def holds_at(instant: Column, *, since: Column, until: Column) -> Column:
    """Whether ``since`` <= ``instant`` < ``until``, where a NULL bound is no bound."""
    return (since.isNull() | (since <= instant)) & (until.isNull() | (instant < until))
