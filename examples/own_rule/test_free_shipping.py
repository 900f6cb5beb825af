"""The rule on frames that a test makes, and in the lake's report."""

from free_shipping import RULE, extend
from pyspark.sql import SparkSession

from lakehouse_core import quality
from lakehouse_core.blueprint import STANDARD
from lakehouse_core.contracts import Contract
from lakehouse_local.lakehouse import Lakehouse


def test_on_frames(spark: SparkSession) -> None:
    """Of three orders, one ships for more than its goods cost, and one does not say."""
    orders = spark.createDataFrame(
        [(1, 5, 10), (2, 11, 10), (3, None, 10)], "id long, shipping_amount int, subtotal int"
    )
    sales = Contract("sale", "sale", "sales", "one row per sale", columns=(), rules=(RULE,))

    report = quality.check({"sale": orders}, {"sale": sales})

    assert [(result.rule, result.checked, result.failed) for result in report.results] == [(RULE.id, 3, 2)]


def test_in_the_lake(lakehouse: Lakehouse) -> None:
    """The lake's report counts what PostgreSQL counts."""
    assert RULE in extend(STANDARD).contracts["order"].rules
    lakehouse.change("update core_order set shipping_amount = subtotal + 1 where id in (11, 12)")
    lakehouse.run()

    (result,) = [each for each in lakehouse.quality().results if each.rule == RULE.id]

    ((failing,),) = lakehouse.source("select count(*) from core_order where shipping_amount > subtotal")
    assert result.failed == failing >= 2
