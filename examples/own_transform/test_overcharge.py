"""The column on frames that a test makes, and in the lake."""

from datetime import UTC, datetime
from decimal import Decimal

from overcharge import with_overcharge
from pyspark.sql import SparkSession

from lakehouse_core import silver
from lakehouse_core.contracts import contract
from lakehouse_core.testing import assert_frames_equal
from lakehouse_local.lakehouse import Lakehouse


def test_on_frames(spark: SparkSession) -> None:
    """100.00 - 10 % = 90.00; 8.25 % tax = 7.43 (half up); + 4.90 shipping = 102.33: order 2 was charged 5.00 too much."""
    at = datetime(2025, 3, 1, 12, tzinfo=UTC)

    def order(key: int, total: str) -> tuple[object, ...]:
        amounts = (Decimal("100.00"), Decimal("0.0825"), Decimal("10.00"), Decimal("4.90"), Decimal(total))
        return (key, 1, 42, f"A-{key}", "completed", at, *amounts, "EUR", at, at)

    orders = spark.createDataFrame([order(1, "102.33"), order(2, "107.33")], contract("order").spark_schema)

    found = with_overcharge(silver.order.clean(orders)).select("id", "overcharge")

    expected = spark.createDataFrame([(1, Decimal("0.00")), (2, Decimal("5.00"))], "id long, overcharge decimal(18,2)")
    assert_frames_equal(found, expected, key=["id"])


def test_in_the_lake(lakehouse: Lakehouse) -> None:
    """The column is in silver, and PostgreSQL comes to the same amounts from the source."""
    lakehouse.run()

    found = lakehouse.query("select count(*), sum(overcharge) from silver.orders where overcharge <> 0")

    taxable = "subtotal - round(subtotal * discount_percent / 100, 2)"
    expected = f"{taxable} + round(({taxable}) * tax_rate, 2) + shipping_amount"
    assert found == lakehouse.source(
        f"select count(*), sum(total_amount - ({expected})) from core_order where total_amount <> {expected}"
    )
    assert found[0][0] > 0
