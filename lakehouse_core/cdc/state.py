"""The state after a set of changes: one row per key, whatever the order in which the changes came."""

from collections.abc import Sequence
from typing import NamedTuple

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse_core.cdc.lineage import Link, links_of, resolved
from lakehouse_core.contracts.envelope import BUSINESS_TIME, OLD_KEY, OP, POSITION, UNSENT, Op
from lakehouse_core.contracts.model import Contract


class Floor(NamedTuple):
    """A truncate: every change below its position is undone by it.

    ``micros`` is its business time in microseconds since 1970 (UTC), None if not known.
    """

    position: str
    micros: int | None = None


def state_columns(contract: Contract) -> tuple[str, ...]:
    """The columns of a state row: the contract's, then what is kept of the envelope."""
    return (*contract.column_names, OP, POSITION, BUSINESS_TIME, UNSENT, OLD_KEY)


def buried(rows: DataFrame, contract: Contract, floor: Floor | None) -> DataFrame:
    """Turn rows below the floor into tombstones at the floor; grain and columns stay."""
    if floor is None:
        return rows
    dead = F.col(POSITION) < floor.position
    time = F.timestamp_micros(F.lit(floor.micros).cast("bigint"))
    tombstone = {
        OP: F.lit(str(Op.DELETE)),
        POSITION: F.lit(floor.position),
        BUSINESS_TIME: time,
        UNSENT: F.array().cast("array<string>"),
    }
    return rows.select(
        *(
            F.col(name)
            if name == contract.key
            else F.when(dead, tombstone[name]).otherwise(F.col(name)).alias(name)
            if name in tombstone
            else F.when(~dead, F.col(name)).alias(name)
            for name in rows.columns
        )
    )


def newest(changes: DataFrame, contract: Contract, floor: Floor | None = None) -> DataFrame:
    """The state after changes that all carry every column: the newest change of each key.

    Shape: one row per key, :func:`state_columns`; deletes and quarantined rows stay, as D and Q with NULL columns.
    """
    keyed = buried(_keyed(changes, contract), contract, floor)
    latest = Window.partitionBy(contract.key).orderBy(F.desc(POSITION), F.size(UNSENT))
    return keyed.withColumn("_rank", F.row_number().over(latest)).where("_rank = 1").drop("_rank")


def fold(
    changes: DataFrame, contract: Contract, floor: Floor | None = None, links: Sequence[Link] | None = None
) -> DataFrame:
    """The state after all changes given, in whatever order and however often they are given.

    The newest position of a key wins; a column that it did not send has the value of the newest change below it that
    did, in the same life of the row (:mod:`lakehouse_core.cdc.lineage`). State rows may be given as changes: a state
    stands for all changes up to its position.

    Args:
        changes: an envelope frame; truncates in it are not looked at, only ``floor`` is.
        contract: the table's contract.
        floor: the newest truncate.
        links: what :func:`links_of` finds in ``changes``; without it, that action is run here.

    Returns:
        One row per key, :func:`state_columns`; deletes and quarantined rows stay, as D and Q with NULL columns.
        ``_unsent`` names columns whose value has not arrived yet (they are NULL).
    """
    keyed = buried(_keyed(changes, contract), contract, floor)
    return newest(resolved(keyed, contract, links_of(keyed, contract) if links is None else links), contract)


def _keyed(changes: DataFrame, contract: Contract) -> DataFrame:
    return changes.where(F.col(contract.key).isNotNull()).select(*state_columns(contract))
