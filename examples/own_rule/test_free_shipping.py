"""The rule on frames that a test makes, and in the lake's report."""

from free_shipping import RULE
from pyspark.sql import SparkSession

from lakehouse_core import quality
from lakehouse_core.contracts import Contract
from lakehouse_local.lakehouse import Lakehouse


def test_on_frames(spark: SparkSession) -> None:
    """Of four orders, one pays for shipping though it is large, and one does not say."""
    orders = spark.createDataFrame(
        [(1, 5, 99), (2, 0, 100), (3, 5, 100), (4, None, 100)], "id long, shipping_amount int, subtotal int"
    )
    sales = Contract("sale", "sale", "sales", "one row per sale", columns=(), rules=(RULE,))

    report = quality.check({"sale": orders}, {"sale": sales})

    assert [(result.rule, result.checked, result.failed) for result in report.results] == [(RULE.id, 4, 2)]


def test_in_the_lake(lakehouse: Lakehouse) -> None:
    """The lake's report counts what PostgreSQL counts."""
    lakehouse.run()

    (result,) = [each for each in lakehouse.quality().results if each.rule == RULE.id]

    ((checked, failing),) = lakehouse.source(
        "select count(*), count(*) filter (where subtotal >= 100 and shipping_amount > 0) from core_order"
    )
    assert (result.checked, result.failed) == (checked, failing)
    assert failing > 0
