"""A transform on frames made in the notebook, then the same on the lake."""

import marimo

app = marimo.App(width="medium")


@app.cell
def title():
    import marimo as mo

    mo.md("""
    # Transforms

    The library's functions take a frame and give a frame. So does yours: here it meets rows made in the notebook, then
    the orders of the running lakehouse.
    """)
    return (mo,)


@app.cell
def connect():
    from lakehouse_local.lakehouse import Lakehouse

    lake = Lakehouse.running()  # where none runs, the error says how to start one
    spark = lake.spark
    return lake, spark


@app.cell
def transform():
    from pyspark.sql import DataFrame
    from pyspark.sql import functions as f

    def margin_by_category(products: DataFrame) -> DataFrame:
        """One row per category: products, and their mean margin (money, 2 decimals)."""
        return products.groupBy("category_normalized").agg(
            f.count("*").alias("products"), f.round(f.avg("margin"), 2).cast("decimal(18,2)").alias("mean_margin")
        )

    return (margin_by_category,)


@app.cell
def made_here(margin_by_category, spark):
    from datetime import UTC, datetime
    from decimal import Decimal

    from lakehouse_core import silver
    from lakehouse_core.contracts import contract
    from lakehouse_core.testing import assert_frames_equal

    at = datetime(2026, 1, 1, tzinfo=UTC)

    def product(key, category, price, cost):
        return (key, 1, f"P-{key}", "thing", category, Decimal(price), Decimal(cost), 5, True, at, at)

    products = spark.createDataFrame(
        [product(1, "Electronics", "20.00", "15.00"), product(2, " electronics ", "20.00", "12.50")],
        contract("product").spark_schema,
    )
    made = margin_by_category(silver.product.clean(products))
    assert_frames_equal(
        made,
        spark.createDataFrame(
            [("electronics", 2, Decimal("6.25"))],
            "category_normalized string, products long, mean_margin decimal(18,2)",
        ),
    )
    made.toPandas()
    return


@app.cell
def on_the_lake(lake, margin_by_category):
    margins = margin_by_category(lake.table("silver.products")).toPandas()
    ((known,),) = lake.query("select count(*) from silver.products")
    assert margins["products"].sum() == known
    margins
    return (margins,)


@app.cell
def outcome(margins, mo):
    mo.md(f"**{margins['products'].sum()} products** in {len(margins)} categories: the same function, twice.")
    return


if __name__ == "__main__":
    app.run()
