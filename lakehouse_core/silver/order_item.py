"""Order item: the line's total from quantity and price."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.contracts.order_item import CONTRACT
from lakehouse_core.silver.steps import LINE_MONEY, Step, conforms, run


def totalled(frame: DataFrame) -> DataFrame:
    """Adds ``expected_line_total`` = quantity x unit_price, ``quantity_is_valid`` (> 0) and ``total_matches``."""
    expected = (F.col("quantity") * F.col("unit_price")).cast(LINE_MONEY)
    return frame.withColumns(
        {
            "expected_line_total": expected,
            "quantity_is_valid": F.col("quantity") > 0,
            "total_matches": F.col("line_total") == expected,
        }
    )


STEPS: tuple[Step, ...] = (conforms(CONTRACT), totalled)


def clean(frame: DataFrame) -> DataFrame:
    """One row per row of the frame, with the item's derived columns; ContractBroken if it is no order item frame."""
    return run(frame, STEPS)
