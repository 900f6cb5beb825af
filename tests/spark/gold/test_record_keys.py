"""The record key of a mart's rows."""

from dataclasses import replace

import pytest
from pyspark.sql import SparkSession

from lakehouse_core.gold import MARTS, Mart
from lakehouse_core.gold.keys import record_key

TEXTS = ("a", "A", "", None, "null", "{}", "x,y:z", "x", "1")


def keyed(*columns: str) -> Mart:
    """A mart with that key."""
    return replace(MARTS[0], key=columns)


def test_a_key_of_one_column_is_its_text(spark: SparkSession) -> None:
    """NULL and the empty text, which are no record keys, have one all the same, and each its own."""
    rows = spark.createDataFrame([(text,) for text in TEXTS], "name string")
    found = {row.name: row.key for row in rows.select("name", record_key(keyed("name")).alias("key")).collect()}
    assert all(found[text] == text for text in TEXTS if text)
    assert all(found.values())
    assert len(set(found.values())) == len(TEXTS)


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("-9223372036854775808L", "-9223372036854775808"),
        ("date '2026-02-01'", "2026-02-01"),
        ("timestamp '2026-02-01 00:00:00.000001'", "2026-02-01 00:00:00.000001"),
        ("cast(1.10 as decimal(12,2))", "1.10"),
    ],
)
def test_a_value_of_any_type_is_whole(spark: SparkSession, sql: str, text: str) -> None:
    """Nothing of it is cut off: two values are two keys."""
    (row,) = spark.range(1).selectExpr(f"{sql} as value").select(record_key(keyed("value")).alias("key")).collect()
    assert row.key == text


def test_a_key_of_several_columns_keeps_them_apart(spark: SparkSession) -> None:
    """Whatever is in them, NULL and separators too."""
    rows = spark.createDataFrame([(a, b) for a in TEXTS for b in TEXTS], "a string, b string")
    found = [row.key for row in rows.select(record_key(keyed("a", "b")).alias("key")).collect()]
    assert len(set(found)) == len(TEXTS) ** 2
    assert all(found)
