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

    A new key has no row before and a deleted one none after. Of a history, all versions of the keys are there.
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
        needed: of the inputs as they are now, what the slices given (a frame of ``by``) are computed from.
    """

    by: tuple[str, ...]
    touched: Mapping[str, Callable[[Changed, Frames], DataFrame]]
    needed: Callable[[Frames, DataFrame], Frames]


def within(frame: DataFrame, slices: DataFrame, **at: Column | str) -> DataFrame:
    """The rows whose values of ``at`` (a column or an expression for each name) are those of a slice; NULL equals NULL."""
    named = slices.select(*(F.col(name).alias(f"_of_{name}") for name in at))
    equal = ((F.col(by) if isinstance(by, str) else by).eqNullSafe(F.col(f"_of_{name}")) for name, by in at.items())
    return frame.join(F.broadcast(named), reduce(and_, equal), "left_semi")
