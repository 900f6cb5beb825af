"""One entity's part of a run: take the changes in, append the log and the quarantine, merge the base table."""

from dataclasses import dataclass, replace

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core import silver
from lakehouse_core.bronze import Bronze
from lakehouse_core.contracts import Contract
from lakehouse_core.flow import Counts, take_in
from lakehouse_local.lake.lake import Lake

LOG_TYPES = (
    "_op string, _position string, _business_time timestamp, _unsent array<string>, _old_key bigint, _file string"
)


@dataclass(frozen=True)
class Taken:
    """What became of an entity's changes: the base table's commit, the account, the newest truncate."""

    commit: str
    counts: Counts
    floor: str | None


def take(lake: Lake, contract: Contract, bronze: Bronze, run: int, floor: str | None, *, loaded: int) -> Taken:
    """Write one entity's batch; repeating it after a crash changes nothing twice.

    A new table is laid out for the ``loaded`` rows of its load, or for its contract's if those are more.
    The log goes first: what the base table holds is always in the log as well.
    """
    table = lake.base(contract)
    table = replace(table, rows_hint=max(table.rows_hint, loaded))
    stored = lake.format.read(table) if lake.format.exists(table) else None
    log = history(lake, contract, before=run) if stored is not None else None
    bronze.parsed.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        taken = take_in(
            contract,
            bronze,
            stored,
            log,
            floor,
            clean=lake.blueprint.clean[contract.entity],
            sessions=silver.event.sessions if contract.entity == "event" else None,
        )
        _append(taken.log, f"{lake.log(contract)}/run={run}")
        if taken.counts.quarantined:
            _append(taken.quarantine, f"{lake.quarantine(contract)}/run={run}")
        write = lake.format.overwrite if stored is None else lake.format.merge
        commit = write(table, taken.rows)
    finally:
        bronze.parsed.unpersist()
    return Taken(commit.id, taken.counts, taken.floor)


def history(lake: Lake, contract: Contract, before: int) -> DataFrame:
    """The change log as the runs before that one left it: an envelope frame.

    A run that is being repeated is left out: its folder is about to be written again.
    """
    columns = ", ".join(f"{column.name} {column.spark_type.simpleString()}" for column in contract.columns)
    frame = lake.spark.read.schema(f"{columns}, {LOG_TYPES}, run int").parquet(lake.log(contract))
    return frame.where(F.col("run") < before).drop("run")


def _append(frame: DataFrame, folder: str) -> None:
    """One folder a run: repeating the run writes the same folder again."""
    frame.write.mode("overwrite").option("compression", "zstd").parquet(folder)
