"""The shop's tests: its mart on made frames and in the lake, a change through Django, and the lake's S3."""

from datetime import UTC, datetime

from pyspark.sql import SparkSession
from shop.lake import stock

from lakehouse_core.testing import assert_frames_equal
from lakehouse_local.aws import Aws
from lakehouse_local.lakehouse import Lakehouse


def test_stock_on_frames(spark: SparkSession) -> None:
    """Pieces add up by category; a product without a known category counts too."""
    products = spark.createDataFrame(
        [("Toys", 3), ("Toys", 4), (None, 5)], "category_normalized string, stock_quantity int"
    )

    found = stock(products=products, as_of=datetime(2026, 1, 1, tzinfo=UTC))

    expected = spark.createDataFrame(
        [("Toys", 2, 7), (None, 1, 5)], "category_normalized string, products long, pieces long"
    )
    assert_frames_equal(found, expected, key=["category_normalized"])


def test_stock_in_the_lake(lakehouse: Lakehouse) -> None:
    """What the application sells is missing from the stock after the next run."""
    pieces = "select sum(pieces) from gold.stock"
    lakehouse.run()
    ((before,),) = lakehouse.query(pieces)

    with lakehouse.orm():
        from source_app.core.models import Product  # noqa: PLC0415 - Django's models need its settings

        product = Product.objects.order_by("-stock_quantity")[0]
        product.stock_quantity -= 2
        product.save()
    lakehouse.run()

    assert lakehouse.query(pieces) == [(before - 2,)]
    assert lakehouse.verify().equal


def test_stock_as_a_frame(lakehouse: Lakehouse) -> None:
    """The mart's table is what its function makes of silver's products now."""
    lakehouse.run()
    computed = stock(products=lakehouse.table("silver.products"), as_of=lakehouse.records()[-1].as_of)
    assert_frames_equal(lakehouse.table("gold.stock"), computed, key=["category_normalized"])


def test_files_in_s3(lakehouse: Lakehouse, aws: Aws) -> None:
    """The mart is a folder of files in the gold bucket."""
    lakehouse.run()
    listed = aws.client("s3").list_objects_v2(Bucket=lakehouse.bucket("gold"), Prefix="stock/")
    assert any(item["Key"].endswith(".parquet") for item in listed["Contents"])
