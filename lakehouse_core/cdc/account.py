"""What a batch does to a table, found in one pass: the account of its rows, and how it must be merged."""

from dataclasses import dataclass

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.cdc.state import Floor
from lakehouse_core.contracts.envelope import BUSINESS_TIME, OLD_KEY, OP, POSITION, UNSENT, Op
from lakehouse_core.contracts.model import Contract


@dataclass(frozen=True)
class Account:
    """The figures of :func:`account`, by name, beside those of the batch's truncates.

    ``upserts``, ``deletes``: keys whose state becomes that of a change of the batch. ``superseded``: changes that
    are not a new state (a newer or equal one is stored, or in the batch, or a truncate lies above).
    ``repeated``: changes beside the first of their key. ``unsent``, ``inheriting``: changes that leave columns out,
    and among them key changes. ``late``: keys with a change below their stored state. ``doubtful``: keys whose stored
    state is in quarantine. ``buried``: changes below the floor. ``truncate`` and
    ``truncate_micros`` the newest. ``first_position``, ``first_micros``: the least position and business time.
    """

    upserts: int
    deletes: int
    superseded: int
    repeated: int
    unsent: int
    inheriting: int
    late: int
    doubtful: int
    buried: int
    truncate: str | None
    truncate_micros: int | None
    first_position: str | None
    first_micros: int | None


def truncates() -> tuple[Expression, Expression]:
    """Aggregates over a batch: position and business time (micros) of its newest truncate."""
    at = F.when(F.col(OP) == Op.TRUNCATE, F.col(POSITION))
    return (
        F.max(at).alias("truncate"),
        F.max_by(F.unix_micros(BUSINESS_TIME), at).alias("truncate_micros"),
    )


def account(changes: DataFrame, contract: Contract, stored: DataFrame | None, floor: Floor | None) -> DataFrame:
    """Account for a batch of changes against the stored state; lazy.

    Shape: one row, the columns of :class:`Account` without those of :func:`truncates`.

    Args:
        changes: the batch's envelope frame.
        contract: the table's contract.
        stored: the base table (its key, ``_op`` and ``_position`` are read), None if there is none.
        floor: the newest truncate, this batch's included.
    """
    keys = _per_key(changes, contract, stored, floor)
    op, applied = F.col("op"), F.col("applied")
    return keys.agg(
        _count(applied & op.isin(str(Op.INSERT), str(Op.UPDATE))).alias("upserts"),
        _count(applied & (op == Op.DELETE)).alias("deletes"),
        _sum("counted - if(applied and op != 'Q', 1, 0)").alias("superseded"),
        _sum("changes - 1").alias("repeated"),
        _sum("unsent").alias("unsent"),
        _sum("inheriting").alias("inheriting"),
        _count(F.col("late")).alias("late"),
        _count(F.col("stored_op") == Op.QUARANTINE).alias("doubtful"),
        _sum("buried").alias("buried"),
        F.min("first_position").alias("first_position"),
        F.min("first_micros").alias("first_micros"),
    )


def account_of_load(changes: DataFrame, contract: Contract, floor: Floor | None) -> Account | None:
    """The account of a load into nothing, where no change has to be compared with another; two actions.

    The figures are those of :func:`account` without stored rows, for less than a third of its work: there are no
    positions to order by key. None where the changes are no such load: positions differ, a key repeats, or a
    change lies below the floor.
    """
    keyed = changes.where(F.col(contract.key).isNotNull())
    op, lacks = F.col(OP), F.size(UNSENT) > 0
    rows, first, last, *figures = keyed.agg(
        F.count("*"),
        F.min(POSITION),
        F.max(POSITION),
        _count(op.isin(str(Op.INSERT), str(Op.UPDATE))),
        _count(op == Op.DELETE),
        _count(lacks),
        _count(lacks & F.col(OLD_KEY).isNotNull()),
        F.min(F.unix_micros(BUSINESS_TIME)),
    ).collect()[0]
    if first != last or (floor and first and first < floor.position):
        return None
    if keyed.agg(F.count_distinct(contract.key)).collect()[0][0] != rows:
        return None
    upserts, deletes, unsent, inheriting, micros = figures
    return Account(
        upserts=upserts,
        deletes=deletes,
        superseded=0,
        repeated=0,
        unsent=unsent,
        inheriting=inheriting,
        late=0,
        doubtful=0,
        buried=0,
        truncate=None,
        truncate_micros=None,
        first_position=first,
        first_micros=micros,
    )


def late_keys(changes: DataFrame, contract: Contract, stored: DataFrame, floor: Floor | None) -> DataFrame:
    """The keys that the stored state does not suffice for: a change lies below it, or it is in quarantine; lazy.

    Shape: one row per key, the key column alone.
    """
    keys = _per_key(changes, contract, stored, floor)
    return keys.where(F.col("late") | (F.col("stored_op") == Op.QUARANTINE)).select(contract.key)


def _per_key(changes: DataFrame, contract: Contract, stored: DataFrame | None, floor: Floor | None) -> DataFrame:
    """One row per key of the batch: what the batch holds for it, and how that stands to what is stored."""
    key, op, at = contract.key, F.col(OP), F.col(POSITION)
    lowest = F.lit(floor.position if floor else "")
    mine = F.col("mine")
    batch = changes.where(F.col(key).isNotNull()).select(
        key,
        op,
        at,
        F.unix_micros(BUSINESS_TIME).alias("micros"),
        (F.size(UNSENT) > 0).alias("lacks"),
        F.col(OLD_KEY).isNotNull().alias("moved"),
        F.expr("true").alias("mine"),
    )
    rows = batch
    if stored is not None:
        touched = F.broadcast(changes.where(F.col(key).isNotNull()).select(key))
        known = stored.select(key, OP, POSITION).join(touched, key, "left_semi")
        rows = batch.unionByName(known.withColumn("mine", F.expr("false")), allowMissingColumns=True)
    grouped = rows.groupBy(key).agg(
        F.max_by(op, F.when(mine, at)).alias("op"),
        F.max(F.when(mine, at)).alias("newest"),
        F.min(F.when(mine, at)).alias("first_position"),
        F.min("micros").alias("first_micros"),
        F.min(F.when(mine & (at >= lowest), at)).alias("oldest_alive"),
        F.max(F.when(~mine, at)).alias("stored_at"),
        F.max(F.when(~mine, op)).alias("stored_op"),
        F.sum(F.when(mine, 1).otherwise(0)).alias("changes"),
        F.sum(F.when(mine & (op != Op.QUARANTINE), 1).otherwise(0)).alias("counted"),
        F.sum(F.when(F.col("lacks"), 1).otherwise(0)).alias("unsent"),
        F.sum(F.when(F.col("lacks") & F.col("moved"), 1).otherwise(0)).alias("inheriting"),
        F.sum(F.when(mine & (at < lowest), 1).otherwise(0)).alias("buried"),
    )
    above = F.col("newest") > F.coalesce("stored_at", F.lit(""))
    return grouped.withColumns(
        {
            "applied": above & (F.col("newest") >= lowest),
            "late": F.coalesce(F.col("oldest_alive") < F.col("stored_at"), F.expr("false")),
        }
    )


def _count(condition: Expression) -> Expression:
    return F.count(F.when(condition, 1))


def _sum(expression: str) -> Expression:
    return F.coalesce(F.sum(F.expr(expression)), F.lit(0))
