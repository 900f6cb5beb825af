"""Lineage is what the code says: chosen columns, the page, OpenLineage's events, and what cannot be followed."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.types import LongType, StringType, StructField, StructType

from lakehouse_core.blueprint import STANDARD
from lakehouse_local.errors import PlanUnreadable
from lakehouse_local.lineage import graph, openlineage, show
from lakehouse_local.lineage.graph import Column, Lineage
from lakehouse_local.lineage.plans import origins, stand_in
from lakehouse_local.query.errors import UnknownTable

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "lineage.md"
ROWS = StructType([StructField("k", LongType()), StructField("a", StringType()), StructField("b", StringType())])


@pytest.fixture(scope="module")
def lineage(spark: SparkSession) -> Lineage:
    """The standard blueprint's."""
    return graph.of(spark, STANDARD)


@pytest.fixture
def frames(spark: SparkSession) -> tuple[DataFrame, DataFrame]:
    """Two inputs."""
    return stand_in(spark, "x", ROWS), stand_in(spark, "y", ROWS)


def sources(lineage: Lineage, dataset: str, name: str) -> list[str]:
    """The source's columns of a column."""
    return sorted(str(each).removeprefix("source.") for each in lineage.sources(Column(dataset, name)))


@pytest.mark.parametrize(
    ("dataset", "name", "wanted"),
    [
        ("silver.orders", "expected_total", ["discount_percent", "shipping_amount", "subtotal", "tax_rate"]),
        ("gold.revenue_monthly", "gross_revenue", ["total_amount"]),
        ("gold.revenue_daily", "order_count", []),
        ("dashboard.revenue_last_month", "average_order_value", ["total_amount"]),
    ],
)
def test_known_columns(lineage: Lineage, dataset: str, name: str, wanted: list[str]) -> None:
    """An order's total from its parts, revenue from orders, a count from rows, a figure through its query."""
    assert sources(lineage, dataset, name) == [f"core_order.{each}" for each in wanted]


def test_personal_columns_stay_marked(lineage: Lineage) -> None:
    """A mail address is personal in silver, in its normal form, and in the dimension; an order's amount is not, nor is any figure."""
    personal = {str(each) for each in lineage.people}
    assert {"silver.customers.email_key", "gold.dim_customer.email", "gold.dim_customer.phone"} <= personal
    assert "gold.dim_customer.country" not in personal
    assert not any(each.startswith(("dashboard.", "gold.revenue")) for each in personal)


def test_every_column_has_a_way_back(lineage: Lineage) -> None:
    """What is computed from no column counts rows, and the rows come from somewhere; dim_date comes from nowhere."""
    for column, before in lineage.columns.items():
        if not before and not column.dataset.startswith(("gold.dim_date", "dashboard.")):
            assert lineage.rows[column.dataset], column


def test_the_page_is_not_stale(lineage: Lineage) -> None:
    """A mart that changes needs the page written anew."""
    assert PAGE.read_text() == show.page(lineage, STANDARD), f"python -m lakehouse_local.lineage > {PAGE}"


def test_openlineage(lineage: Lineage) -> None:
    """One event for each dataset; what it names is there; JSON all through."""
    events = {each["job"]["name"]: each for each in openlineage.events(lineage, datetime(2026, 1, 1, tzinfo=UTC))}
    event = json.loads(json.dumps(events["gold.customer_ltv"]))
    (output,) = event["outputs"]
    fields = output["facets"]["columnLineage"]["fields"]
    assert fields["ltv"]["inputFields"] == [
        {
            "namespace": "lakehouse",
            "name": "silver.orders",
            "field": "total_amount",
            "transformations": [{"type": "DIRECT"}],
        }
    ]
    assert {each["name"] for each in event["inputs"]} >= {"silver.orders", "silver.customers"}
    assert {"key": "pii", "value": "true", "field": "email"} in events["gold.dim_customer"]["outputs"][0]["facets"][
        "tags"
    ]["tags"]
    assert {each.dataset for each in lineage.columns} == set(events)


def test_what_is_asked_for_and_is_not_there(lineage: Lineage) -> None:
    """Says what is close."""
    assert [str(each) for each in show.find(lineage, "gold.customer_ltv.ltv")] == ["gold.customer_ltv.ltv"]
    with pytest.raises(UnknownTable, match=r"did you mean gold.customer_ltv"):
        show.find(lineage, "gold.custmer_ltv")


def test_joins_groups_unions_and_windows(frames: tuple[DataFrame, DataFrame]) -> None:
    """Also of one frame with itself, whose attributes Spark gives new ids."""
    x, y = frames
    joined = x.join(x.select("k", F.upper("b").alias("big")), "k").where("a <> ''")
    found = origins(joined)
    assert found.columns["big"] == {("x", "b")}
    assert found.rows == {("x", "k"), ("x", "a")}
    assert origins(x.unionByName(y)).columns["a"] == {("x", "a"), ("y", "a")}
    grouped = origins(x.groupBy("a").agg(F.max("b").alias("most"), F.count("*").alias("n")))
    assert (grouped.columns["most"], grouped.columns["n"], grouped.rows) == ({("x", "b")}, set(), {("x", "a")})
    newest = F.last("b").over(Window.partitionBy("a").orderBy("k"))
    assert origins(x.select(newest.alias("newest"))).columns["newest"] == {("x", "a"), ("x", "b"), ("x", "k")}
    cube = origins(x.cube("a").agg(F.sum("k").alias("s")))
    assert (cube.columns["a"], cube.columns["s"]) == ({("x", "a")}, {("x", "k")})


def test_a_struct_gives_each_field_its_own(frames: tuple[DataFrame, DataFrame]) -> None:
    """The newest row of a group, packed and unpacked."""
    x, _ = frames
    packed = x.groupBy("a").agg(F.max(F.struct("k", "b")).alias("top"))
    found = origins(packed.select("a", "top.b", F.col("top.k").alias("key")))
    assert (found.columns["b"], found.columns["key"]) == ({("x", "b")}, {("x", "k")})


def test_a_subquery_is_not_followed(spark: SparkSession, frames: tuple[DataFrame, DataFrame]) -> None:
    """It is said, instead of a lineage with a hole."""
    for name, frame in zip(("x", "y"), frames, strict=True):
        frame.createOrReplaceTempView(f"lineage_{name}")
    with pytest.raises(PlanUnreadable, match="a subquery"):
        origins(spark.sql("select a, (select max(b) from lineage_y) as most from lineage_x"))
