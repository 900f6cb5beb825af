"""A transform of your own on top of the library's: orders whose total does not add up, by how much."""

from datetime import UTC, datetime
from decimal import Decimal

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from lakehouse_core import silver
from lakehouse_core.contracts import contract


def with_overcharge(orders: DataFrame) -> DataFrame:
    """Add ``overcharge`` (money of the order): what was charged above what the order's parts add up to."""
    return orders.withColumn("overcharge", f.col("total_amount") - f.col("expected_total"))


def main() -> None:
    """Clean two orders, one of them charged 5.00 too much."""
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    at = datetime(2025, 3, 1, 12, tzinfo=UTC)

    def order(key: int, total: str) -> tuple[object, ...]:
        amounts = (Decimal("100.00"), Decimal("0.0825"), Decimal("10.00"), Decimal("4.90"), Decimal(total))
        return (key, 1, 42, f"A-{key}", "completed", at, *amounts, "EUR", at, at)

    frame = spark.createDataFrame([order(1, "102.33"), order(2, "107.33")], contract("order").spark_schema)
    result = with_overcharge(silver.order.clean(frame)).orderBy("id").collect()

    # 100.00 - 10 % = 90.00; 8.25 % tax = 7.43 (half up); + 4.90 shipping = 102.33
    assert [row.expected_total for row in result] == [Decimal("102.33")] * 2
    assert [row.total_matches for row in result] == [True, False]
    assert [row.overcharge for row in result] == [Decimal("0.00"), Decimal("5.00")]
    print("2 orders cleaned; order 2 was charged 5.00 too much")


if __name__ == "__main__":
    main()
