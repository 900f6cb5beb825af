"""Taking a batch into an entity's tables, and giving marts the frames that they ask for by name.

What every adapter does alike once it knows where the tables are: it says where, which run this is and what was read.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_core import cdc, serve, silver
from lakehouse_core.bronze import Bronze
from lakehouse_core.contracts import Contract
from lakehouse_core.contracts.envelope import POSITION
from lakehouse_core.flow import Counts, take_in
from lakehouse_core.gold import Mart
from lakehouse_core.ports import Commit, Table, TableFormat

LOG_TYPES = (
    "_op string, _position string, _business_time timestamp, _unsent array<string>, _old_key bigint, _file string"
)
VERSIONS = "_version"
MART_KEY = "mart_key"


@dataclass(frozen=True)
class Place:
    """Where an entity's tables are, as URIs of folders.

    ``log`` and ``quarantine`` have one folder per run below them, so that a repeated run writes over its own.
    """

    base: Table
    log: str
    quarantine: str


@dataclass(frozen=True)
class Taken:
    """What became of an entity's changes: the base table's commit, the account, the newest truncate."""

    commit: str
    counts: Counts
    floor: str | None


def place(contract: Contract, database: str, root: str) -> Place:
    """Where an entity's tables are below silver's root (``s3a://bucket``)."""
    base = Table(
        name=contract.entity,
        database=database,
        location=f"{root}/{contract.entity}",
        key=contract.key,
        ordering=POSITION,
        rows_hint=contract.rows_hint,
    )
    return Place(base, f"{root}/{contract.entity}{VERSIONS}", f"{root}/quarantine/entity={contract.entity}")


def mart_table(mart: Mart, database: str, root: str) -> Table:
    """The table of a mart below gold's root."""
    return Table(name=mart.name, database=database, location=f"{root}/{mart.name}", key=MART_KEY)


def take(
    contract: Contract,
    bronze: Bronze,
    where: Place,
    run: int,
    floor: str | None,
    *,
    table_format: TableFormat,
    clean: Callable[[DataFrame], DataFrame],
) -> Taken:
    """Write one entity's batch; repeating it after a crash changes nothing twice.

    The log goes first: what the base table holds is always in the log as well.

    Args:
        contract: the entity's contract.
        bronze: the batch.
        where: the entity's tables.
        run: the number of the run that takes it in.
        floor: the newest truncate so far; for a full load, the position at which its epoch starts.
        table_format: of the base table.
        clean: the entity's silver function.
    """
    exists = table_format.exists(where.base)
    stored = table_format.read(where.base) if exists else None
    log = history(bronze.parsed.sparkSession, contract, where.log, before=run) if exists else None
    bronze.parsed.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        taken = take_in(
            contract,
            bronze,
            stored,
            log,
            floor,
            clean=clean,
            sessions=silver.event.sessions if contract.entity == "event" else None,
        )
        _append(taken.log, f"{where.log}/run={run}")
        if taken.counts.quarantined:
            _append(taken.quarantine, f"{where.quarantine}/run={run}")
        write = table_format.merge if exists else table_format.overwrite
        commit = write(where.base, taken.rows)
    finally:
        bronze.parsed.unpersist()
    return Taken(commit.id, taken.counts, taken.floor)


def history(spark: SparkSession, contract: Contract, log: str, before: int) -> DataFrame:
    """The change log as the runs before that one left it: an envelope frame.

    A run that is being repeated is left out: its folder is about to be written again.
    """
    columns = ", ".join(f"{column.name} {column.spark_type.simpleString()}" for column in contract.columns)
    frame = spark.read.schema(f"{columns}, {LOG_TYPES}, run int").parquet(log)
    return frame.where(F.col("run") < before).drop("run")


def refresh(
    mart: Mart, inputs: Mapping[str, DataFrame], as_of: datetime, table: Table, table_format: TableFormat
) -> Commit:
    """Compute one mart and replace its table."""
    rows = mart.build(**{name: inputs[name] for name in mart.inputs}, as_of=as_of)
    # One own record key: a format's key of several columns confuses ('x,y:z') with ('x', 'y:z').
    return table_format.overwrite(table, rows.withColumn(MART_KEY, F.md5(F.to_json(F.struct(*mart.key)))))


class Inputs(Mapping[str, DataFrame]):
    """The frames that marts ask for, each made once: readers' views, and histories (``<entity>_version``).

    Safe for threads: marts are computed side by side.
    """

    def __init__(
        self,
        contracts: Mapping[str, Contract],
        base: Callable[[Contract], DataFrame],
        log: Callable[[Contract], DataFrame],
        as_of: datetime,
    ) -> None:
        """Say how frames are made.

        Args:
            contracts: by entity.
            base: gives an entity's base table.
            log: gives an entity's change log.
            as_of: the greatest business time taken in.
        """
        self._owners = {contract.view: contract for contract in contracts.values()} | {
            f"{entity}{VERSIONS}": contract for entity, contract in contracts.items()
        }
        self._base = base
        self._log = log
        self._as_of = as_of
        self._made: dict[str, DataFrame] = {}
        self._making = Lock()

    def __getitem__(self, name: str) -> DataFrame:
        """The frame of that name; KeyError where there is none."""
        owner = self._owners[name]
        with self._making:
            if name not in self._made:
                if name.endswith(VERSIONS):
                    self._made[name] = cdc.versions(self._log(owner), owner)
                else:
                    self._made[name] = serve.reader(self._base(owner), owner, self._as_of)
            return self._made[name]

    def __iter__(self) -> Iterator[str]:
        """The names that there are."""
        return iter(self._owners)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._owners)


def _append(frame: DataFrame, folder: str) -> None:
    frame.write.mode("overwrite").option("compression", "zstd").parquet(folder)
