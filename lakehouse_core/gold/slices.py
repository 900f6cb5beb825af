"""Which part of a mart follows from rows that changed, and what of its inputs that part needs.

A slice is all rows of a mart with the same values in some of its columns: a tenant's day, an order, a product. A mart
that names its slices makes two promises, which the tests hold it to. Rows outside the slices that a change touches are
what they were. Rows inside are the same whether the mart is built from all of its inputs or from what they need. Both
sides may be generous: a slice more is work, a slice less is a wrong figure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

Frames = Mapping[str, DataFrame]


@dataclass(frozen=True)
class Changed:
    """One input's rows of the keys (``id``) that changed: as the mart was computed from them, and as they are now.

    A new key has no row before and a deleted one none after; nor has one after whose change was not the newest, so that
    nothing of it is another. Of a history, all versions of the keys are there.
    """

    before: DataFrame
    after: DataFrame

    @property
    def both(self) -> DataFrame:
        """Every row that was there, and every row that is."""
        return self.before.unionByName(self.after)

    def keys_with_another(self, column: str) -> DataFrame:
        """The keys (column ``id``) whose value of that column is another one now; one row per key."""
        was = self.before.select("id", F.struct(column).alias("_was"))
        now = self.after.select("id", F.struct(column).alias("_now"))
        return was.join(now, "id", "full_outer").where(~F.col("_was").eqNullSafe(F.col("_now"))).select("id")


@dataclass(frozen=True)
class Slices:
    """How a mart is cut.

    Attributes:
        by: the columns of the mart whose values name a slice.
        touched: for each input, the slices (a frame with the columns of ``by``, repetitions allowed) whose rows may
            differ because of its changed rows; the second argument has all inputs as they are now.
        needed: of the inputs as they are now, those of which the slices given (a frame of ``by``) need a part alone, as
            that part: its rows, and no column that ``build`` does not read.
    """

    by: tuple[str, ...]
    touched: Mapping[str, Callable[[Changed, Frames], DataFrame]]
    needed: Callable[[Frames, DataFrame], Frames]


def within(frame: DataFrame, slices: DataFrame, *same: str, **at: Column | str) -> DataFrame:
    """The frame's rows that lie in a slice.

    Args:
        frame: any rows.
        slices: few rows, which every task is given.
        same: columns that both have under one name.
        at: for a column of the slices, the frame's column or expression that has to equal it; NULL equals NULL.
    """
    wanted = {name: F.col(name) for name in same} | {
        name: F.col(by) if isinstance(by, str) else by for name, by in at.items()
    }
    named = slices.select(*(F.col(name).alias(f"_of_{name}") for name in wanted))
    equal = (value.eqNullSafe(F.col(f"_of_{name}")) for name, value in wanted.items())
    return frame.join(F.broadcast(named), reduce(and_, equal), "left_semi")
