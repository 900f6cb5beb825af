"""Unsent columns: an update that leaves a column out keeps its value, also when the key changes.

PostgreSQL does not send unchanged TOASTed values. The value is that of the newest change below that sent the column,
in the same life of the row: a delete, a truncate or an insert ends a life, a key change does not. So a life is
followed across its keys (its *lineage*), and one window over a lineage resolves every column, however long the chain.
"""

from collections.abc import Sequence
from typing import NamedTuple

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse_core.contracts.envelope import OLD_KEY, OP, POSITION, UNSENT, Op
from lakehouse_core.contracts.model import Contract

_LINEAGE = "_lineage"


class Link(NamedTuple):
    """A key change that left columns unsent: from ``position`` on, the row of ``old_key`` lives under ``key``."""

    position: str
    old_key: int
    key: int


def links_of(changes: DataFrame, contract: Contract) -> tuple[Link, ...]:
    """The key changes whose unsent columns come from the old key, in order; an action.

    They are brought to the driver because a chain of them is of any length, and following it there is a loop over
    what are few rows (large values *and* a changed key), while in Spark it would be one join per step.
    """
    inherits = (F.col(OP) == Op.INSERT) & F.col(OLD_KEY).isNotNull() & (F.size(UNSENT) > 0)
    rows = changes.where(inherits).select(POSITION, OLD_KEY, contract.key).distinct().collect()
    return tuple(sorted(Link(*row) for row in rows))


def resolved(changes: DataFrame, contract: Contract, links: Sequence[Link]) -> DataFrame:
    """Fill in the unsent columns and drop repeated changes.

    Shape: one row per (key, position) of ``changes`` (rows with a key only). ``_unsent`` keeps what no change of the
    life has sent (so far). A row that would inherit from a quarantined one becomes Q itself: its value is unknown.
    """
    # Without links a life is its key's: the same partitions serve whoever goes on by key.
    by_position = Window.partitionBy(_LINEAGE if links else contract.key).orderBy(
        POSITION, F.size(UNSENT), contract.key
    )
    so_far = by_position.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    identity = F.struct(contract.key, POSITION)
    repeated = F.coalesce(F.lag(identity).over(by_position) == identity, F.expr("false"))
    optional = [column.name for column in contract.columns if column.may_be_unsent]
    carried = (
        _with_lineage(changes, contract, links)
        .withColumn("_repeated", repeated)
        .withColumns({f"_from_{name}": F.last(_carrier(name), ignorenulls=True).over(so_far) for name in optional})
        .where(~F.col("_repeated"))
    )
    unsent = {name: F.array_contains(UNSENT, name) for name in optional}
    unknown = [F.when(unsent[name] & ~_known(name), F.lit(name)) for name in optional]
    doubtful = F.expr("false")
    for name in optional:
        doubtful |= unsent[name] & F.coalesce(F.col(f"_from_{name}.op") == Op.QUARANTINE, F.expr("false"))
    settled = carried.withColumns({"_doubtful": doubtful, "_unknown": F.array_compact(F.array(*unknown))})
    trusted = ~F.col("_doubtful")
    filled = {
        name: F.when(trusted & unsent[name], F.col(f"_from_{name}.value")).when(trusted, F.col(name))
        if name in unsent
        else F.when(trusted, F.col(name))
        for name in contract.column_names
        if name != contract.key
    }
    return (
        settled.withColumns(filled)
        .withColumns(
            {
                OP: F.when(trusted, F.col(OP)).otherwise(F.lit(str(Op.QUARANTINE))),
                UNSENT: F.when(trusted, F.col("_unknown")).otherwise(F.array().cast("array<string>")),
            }
        )
        .select(*changes.columns)
    )


def _carrier(name: str) -> Expression:
    """What a change tells the later changes of the life about a column; NULL if nothing.

    ``op`` is I if the value is known, Q if it is in quarantine, D if the life ended.
    """
    op = F.col(OP)
    ends = op.isin(str(Op.DELETE), str(Op.QUARANTINE))
    what = F.when(ends, op).otherwise(F.lit(str(Op.INSERT)))
    return F.when(ends | ~F.array_contains(UNSENT, name), F.struct(F.col(name).alias("value"), what.alias("op")))


def _known(name: str) -> Expression:
    return F.coalesce(F.col(f"_from_{name}.op") == Op.INSERT, F.expr("false"))


def _with_lineage(changes: DataFrame, contract: Contract, links: Sequence[Link]) -> DataFrame:
    """Say for each change to which life of which row it belongs.

    Without a link that is the key. With links, a key's changes from a link's position on belong to the lineage that
    the link moved there, and the old key starts afresh at that position.
    """
    own = F.col(contract.key).cast("string")
    if not links:
        return changes
    schema = "segment_key bigint, since string, until string, moved_to string"
    table = changes.sparkSession.createDataFrame(_segments(links), schema)
    here = (
        (F.col(contract.key) == F.col("segment_key"))
        & (F.col(POSITION) >= F.col("since"))
        & (F.col(POSITION) < F.col("until"))
    )
    return (
        changes.join(F.broadcast(table), here, "left")
        .withColumn(_LINEAGE, F.coalesce("moved_to", own))
        .drop("segment_key", "since", "until", "moved_to")
    )


def _segments(links: Sequence[Link]) -> list[tuple[int, str, str, str]]:
    """(key, from position, to position, lineage) for every stretch of a key that a link moved there or left behind.

    >>> _segments([Link("5", 1, 2)])
    [(1, '5', '~', '1@5'), (2, '5', '~', '1')]
    """
    lives: dict[int, list[tuple[str, str]]] = {}
    for link in sorted(set(links)):
        moved = lives[link.old_key][-1][1] if link.old_key in lives else str(link.old_key)
        lives.setdefault(link.old_key, []).append((link.position, f"{link.old_key}@{link.position}"))
        lives.setdefault(link.key, []).append((link.position, moved))
    end = "~"  # above every position
    return [
        (key, since, until, name)
        for key, stretches in lives.items()
        for (since, name), (until, _) in zip(stretches, [*stretches[1:], (end, "")], strict=True)
    ]
