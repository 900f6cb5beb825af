"""History: every captured version of every row, out of the change log."""

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse_core.cdc.lineage import links_of, resolved
from lakehouse_core.cdc.state import state_columns
from lakehouse_core.contracts.envelope import BUSINESS_TIME, OP, POSITION, Op
from lakehouse_core.contracts.model import Contract

_MADE = "_made"


def versions(log: DataFrame, contract: Contract) -> DataFrame:
    """All captured versions, unsent columns filled in; runs one small action (the key changes that leave columns out).

    ``_business_time`` is the running maximum within the key (the source's clock may step back; order is by position).
    The maximum within the table would need every version on one machine, and nothing compares the clocks of two rows
    but their own validity intervals, which the maximum per key already makes ascend.

    Shape: one row per (key, position), :func:`~lakehouse_core.cdc.state.state_columns`. D rows (columns NULL) end a
    row; a truncate in the log ends every row that then lived. Q rows say that a version is in quarantine.
    """
    columns = state_columns(contract)
    keyed = log.where(F.col(contract.key).isNotNull()).select(*columns, F.expr("false").alias(_MADE))
    rows = resolved(keyed.unionByName(_ends(log, keyed, contract)), contract, links_of(keyed, contract))
    by_position = Window.partitionBy(contract.key).orderBy(POSITION)
    needless = F.col(_MADE) & (F.coalesce(F.lag(OP).over(by_position), F.lit(str(Op.DELETE))) == Op.DELETE)
    latest = F.max(BUSINESS_TIME).over(by_position.rowsBetween(Window.unboundedPreceding, Window.currentRow))
    return rows.withColumns({"_needless": needless, BUSINESS_TIME: latest}).where(~F.col("_needless")).select(*columns)


def _ends(log: DataFrame, keyed: DataFrame, contract: Contract) -> DataFrame:
    """A delete for each key and each truncate above its first change."""
    truncates = log.where(F.col(OP) == Op.TRUNCATE).groupBy(POSITION).agg(F.max(BUSINESS_TIME).alias(BUSINESS_TIME))
    firsts = keyed.groupBy(contract.key).agg(F.min(POSITION).alias("_first"))
    ends = firsts.crossJoin(F.broadcast(truncates)).where(F.col(POSITION) > F.col("_first"))
    made = {
        contract.key: F.col(contract.key),
        OP: F.lit(str(Op.DELETE)),
        POSITION: F.col(POSITION),
        BUSINESS_TIME: F.col(BUSINESS_TIME),
        _MADE: F.expr("true"),
    }
    return ends.select(
        *(
            (made[field.name] if field.name in made else _nothing(field.dataType.simpleString())).alias(field.name)
            for field in keyed.schema.fields
        )
    )


def _nothing(type_name: str) -> Expression:
    return F.array().cast(type_name) if type_name.startswith("array") else F.lit(None).cast(type_name)
