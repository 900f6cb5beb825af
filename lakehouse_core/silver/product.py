"""Product: the category by the contract's mapping, price and margin."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.contracts.product import CONTRACT
from lakehouse_core.silver.steps import MONEY, Step, conforms, run


def categorised(frame: DataFrame) -> DataFrame:
    """Adds ``category_normalized``: case, spaces and punctuation do not count; NULL where the mapping has no entry."""
    mapping = F.create_map(*(F.lit(text) for pair in CONTRACT.category_mapping for text in pair))
    plain = F.trim(F.regexp_replace(F.lower("category"), r"[^\p{L}\p{N}]+", " "))
    return frame.withColumn("category_normalized", F.try_element_at(mapping, plain))


def priced(frame: DataFrame) -> DataFrame:
    """Adds ``price_is_valid`` (price >= 0) and ``margin`` = price - cost."""
    return frame.withColumns(
        {"price_is_valid": F.col("price") >= 0, "margin": (F.col("price") - F.col("cost")).cast(MONEY)}
    )


STEPS: tuple[Step, ...] = (conforms(CONTRACT), categorised, priced)


def clean(frame: DataFrame) -> DataFrame:
    """One row per row of the frame, with the product's derived columns; ContractBroken if it is no product frame."""
    return run(frame, STEPS)
