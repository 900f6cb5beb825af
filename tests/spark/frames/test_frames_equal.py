"""What a comparison of frames says when it fails, and what it lets pass."""

import math
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse_core.errors import ContractBroken
from lakehouse_core.testing import assert_frames_equal

TYPES = "id long, name string, total decimal(12,2)"


def message(spark: SparkSession, actual: tuple[list[Any], str], expected: tuple[list[Any], str], **more: Any) -> str:
    """The failure of comparing two frames that differ."""
    with pytest.raises(AssertionError) as failed:
        assert_frames_equal(spark.createDataFrame(*actual), spark.createDataFrame(*expected), **more)
    return str(failed.value)


def test_equal_frames(spark: SparkSession) -> None:
    """Rows in any order; NULL is NULL, NaN is NaN, at whatever depth."""
    types = "id long, share double, tags array<string>, counts map<string,int>, at struct<x: double>"
    rows = [
        (1, math.nan, ["a", None], {"a": 1, "b": None}, (math.nan,)),
        (2, None, None, {}, None),
        (2, None, None, {}, None),
    ]
    frame, turned = spark.createDataFrame(rows, types), spark.createDataFrame(rows[::-1], types)
    assert_frames_equal(frame, turned)
    assert_frames_equal(frame.where("id = 1"), turned.where("id = 1"), key=["id"])


def test_both_rows_side_by_side(spark: SparkSession) -> None:
    """Rows are found by their key, and each wrong cell is marked."""
    actual = [(1, "Ann", Decimal("10.00")), (2, None, Decimal("7.50")), (3, "Cy", Decimal(1))]
    expected = [(3, "Cy", Decimal(1)), (2, "Ben", Decimal("7.51")), (1, "Ann", Decimal("10.00")), (4, "Di", None)]
    assert message(spark, (actual, TYPES), (expected, TYPES), key=["id"]).splitlines() == [
        "2 of 4 rows differ",
        "",
        "id = 2",
        "  column  actual           expected",
        "  id      2                2",
        "> name    None             'Ben'",
        "> total   Decimal('7.50')  Decimal('7.51')",
        "",
        "id = 4",
        "  column  actual    expected",
        "> id      (no row)  4",
        "> name    (no row)  'Di'",
        "> total   (no row)  None",
    ]


def test_columns_come_first(spark: SparkSession) -> None:
    """Where columns differ, rows are not looked at: absent columns and other types are marked."""
    found = message(spark, ([(1, "x", 1.5)], "id long, note string, total double"), ([(2, 1)], "id long, total int"))
    assert found.splitlines() == [
        "the columns differ",
        "  column  actual  expected",
        "  id      bigint  bigint",
        "> note    string  (no such column)",
        "> total   double  int",
    ]


def test_the_order_of_columns(spark: SparkSession) -> None:
    """The same columns in another order are a difference of their own."""
    found = message(spark, ([(1, "x")], "a int, b string"), ([("x", 1)], "b string, a int"))
    assert found == "the columns stand in another order\n  actual    a, b\n  expected  b, a"


def test_without_a_key(spark: SparkSession) -> None:
    """Equal rows pair up first, and a row that is there too often is a difference."""
    found = message(spark, ([(1,), (1,), (2,)], "a int"), ([(2,), (1,)], "a int"))
    assert found == "1 of 3 rows differ\n\na row\n  column  actual  expected\n> a       1       (no row)"


def test_null_is_not_zero_or_empty(spark: SparkSession) -> None:
    """NULL equals nothing but NULL."""
    found = message(spark, ([(1, None, None)], "id int, a int, b string"), ([(1, 0, "")], "id int, a int, b string"))
    assert [line[:3] for line in found.splitlines()[-3:]] == ["  i", "> a", "> b"]


def test_many_rows_are_counted(spark: SparkSession) -> None:
    """A message shows ten rows and counts the others."""
    found = message(
        spark,
        ([(n, 1) for n in range(25)], "id int, a int"),
        ([(n, 2) for n in range(25)], "id int, a int"),
        key=["id"],
    )
    assert found.startswith("25 of 25 rows differ")
    assert found.count("\nid = ") == 10
    assert found.endswith("... and 15 rows more")


def test_tolerance(spark: SparkSession) -> None:
    """Numbers may lie apart as far as is asked for, and no farther; there is no tolerance by itself."""
    near, far = [(1, 0.3, Decimal("1.00"))], [(1, 0.1 + 0.2, Decimal("1.01"))]
    types = "id int, a double, b decimal(12,2)"
    one, other = spark.createDataFrame(near, types), spark.createDataFrame(far, types)
    assert_frames_equal(one, other, key=["id"], tolerance=Decimal("0.01"))
    assert "> a" in message(spark, (near, types), (far, types))
    found = message(spark, (near, types), (far, types), tolerance=0.001)
    assert "> a" not in found
    assert "> b" in found


def test_wrong_keys(spark: SparkSession) -> None:
    """A key that names no column, or two rows, is the test's own mistake and said by name."""
    frame = spark.createDataFrame([(1, "x"), (1, "y")], "id int, a string")
    with pytest.raises(ContractBroken, match="the key column nr is not there; there are id, a"):
        assert_frames_equal(frame, frame, key=["nr"])
    with pytest.raises(ContractBroken, match="actual has two rows of the key id = 1"):
        assert_frames_equal(frame, frame, key=["id"])
