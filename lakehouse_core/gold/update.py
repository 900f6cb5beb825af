"""A mart brought up to date: the slices that changes touch are computed anew.

Pure: frames in, frames out. Equal to computing the whole mart, always (tests/spark/gold/test_gold_update.py).
"""

from collections.abc import Mapping
from datetime import datetime
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.gold.keys import MART_KEY, keyed
from lakehouse_core.gold.mart import Mart
from lakehouse_core.gold.slices import Changed, Frames, Slices, within

GONE = "_gone"


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
    slices = slices_of(mart)
    follows = clock_moved and "is_complete" in stored.columns
    unfinished = stored.where(~F.col("is_complete") if follows else F.lit(col=False))
    found = [slices.touched[name](rows, inputs) for name, rows in changed.items()]
    return reduce(DataFrame.union, (frame.select(*slices.by) for frame in (unfinished, *found))).distinct()


def renewed(mart: Mart, inputs: Frames, as_of: datetime, slices: DataFrame, stored: DataFrame) -> DataFrame:
    """What has to be written for a mart to hold in these slices what it would if it were computed whole.

    Args:
        mart: a mart with slices.
        inputs: its inputs as they are now; of those that slices narrow, at least what the slices need.
        as_of: the greatest business time taken in.
        slices: the slices, as :func:`touched` finds them.
        stored: the mart's rows as they are, with their :data:`MART_KEY`.

    Returns:
        One row per key: the mart's columns and :data:`MART_KEY`, and :data:`GONE`. False: a row of the slices as it is now.
        True: it is there no more (its other columns are NULL).
    """
    by = slices_of(mart).by
    fresh = within(mart.build(**inputs, as_of=as_of), slices, *by)
    now = keyed(mart, fresh).withColumn(GONE, F.lit(col=False))
    was = within(stored.select(MART_KEY, *by), slices, *by).select(MART_KEY)
    gone = was.join(now.select(MART_KEY), MART_KEY, "left_anti").withColumn(GONE, F.lit(col=True))
    return now.unionByName(gone, allowMissingColumns=True)


def slices_of(mart: Mart) -> Slices:
    """How the mart is cut; ValueError for one that is computed whole."""
    if mart.slices is None:
        raise ValueError(f"mart {mart.name} has no slices: it is computed whole")
    return mart.slices
