"""A mart brought up to date: the slices that changes touch are computed anew, and what differs is written.

Pure: frames in, frames out. Equal to computing the whole mart, always (tests/spark/gold/test_gold_update.py).
"""

from collections.abc import Mapping
from datetime import datetime
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.gold.mart import Mart
from lakehouse_core.gold.slices import Changed, Frames, Slices, within

MART_KEY = "mart_key"
GONE = "_gone"


def keyed(mart: Mart, rows: DataFrame) -> DataFrame:
    """The rows with one record key of their own: a format's key of several columns confuses ('x,y:z') with ('x', 'y:z')."""
    return rows.withColumn(MART_KEY, F.md5(F.to_json(F.struct(*mart.key))))


def touched(
    mart: Mart, inputs: Frames, changed: Mapping[str, Changed], stored: DataFrame, *, clock_moved: bool
) -> DataFrame:
    """The slices of a mart whose rows may be others now; one row per slice.

    Args:
        mart: a mart with slices.
        inputs: its inputs as they are now.
        changed: the changed rows of each input that changed.
        stored: the mart's rows as they are.
        clock_moved: whether as_of has moved on as far as the mart's clock sees: rows that are not complete may then be
            others without any change.
    """
    slices = _slices_of(mart)
    follows = clock_moved and "is_complete" in stored.columns
    unfinished = stored.where(~F.col("is_complete") if follows else F.lit(col=False))
    found = [slices.touched[name](rows, inputs) for name, rows in changed.items()]
    return reduce(DataFrame.union, (frame.select(*slices.by) for frame in (unfinished, *found))).distinct()


def renewed(mart: Mart, inputs: Frames, as_of: datetime, slices: DataFrame, stored: DataFrame) -> DataFrame:
    """What has to be written for a mart to hold in these slices what it would if it were computed whole.

    Args:
        mart: a mart with slices.
        inputs: its inputs as they are now.
        as_of: the greatest business time taken in.
        slices: the slices, as :func:`touched` finds them.
        stored: the mart's rows as they are, with their :data:`MART_KEY`.

    Returns:
        One row per key: the mart's columns and :data:`MART_KEY`, and :data:`GONE`. False: the row as it is now, where it is
        new or another one. True: it is there no more (its columns as they were).
    """
    cut = _slices_of(mart)
    by = {name: F.col(name) for name in cut.by}
    fresh = mart.build(**{**inputs, **cut.needed(inputs, slices)}, as_of=as_of)
    columns = fresh.columns
    now = keyed(mart, within(fresh, slices, **by)).select(MART_KEY, F.struct(*columns).alias("_now"))
    was = within(stored, slices, **by).select(MART_KEY, F.struct(*columns).alias("_was"))
    differ = was.join(now, MART_KEY, "full_outer").where(~F.col("_was").eqNullSafe(F.col("_now")))
    return differ.select(F.coalesce("_now", "_was").alias("_row"), MART_KEY, F.col("_now").isNull().alias(GONE)).select(
        "_row.*", MART_KEY, GONE
    )


def _slices_of(mart: Mart) -> Slices:
    if mart.slices is None:
        raise ValueError(f"mart {mart.name} has no slices: it is computed whole")
    return mart.slices
