"""Taking a batch into an entity's tables, and giving marts the frames that they ask for by name.

What every adapter does alike once it knows where the tables are: it says where, which run this is and what was read.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_core import cdc, serve, silver
from lakehouse_core.blueprint import Blueprint
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
ROWS_PER_LOG_FILE = 50_000


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


def place(contract: Contract, database: str, root: str, *, merge_on_read: bool = False) -> Place:
    """Where an entity's tables are below silver's root (``s3a://bucket``); how its base table is created."""
    base = Table(
        name=contract.entity,
        database=database,
        location=f"{root}/{contract.entity}",
        key=contract.key,
        ordering=POSITION,
        rows_hint=contract.rows_hint,
        merge_on_read=merge_on_read,
    )
    return Place(base, f"{root}/{contract.entity}{VERSIONS}", f"{root}/quarantine/entity={contract.entity}")


def mart_table(mart: Mart, database: str, root: str) -> Table:
    """The table of a mart below gold's root."""
    return Table(name=mart.name, database=database, location=f"{root}/{mart.name}", key=MART_KEY)


@dataclass(frozen=True)
class Batch:
    """What a run takes in of one entity.

    ``run`` is the run's number. ``floor`` is the newest truncate so far, or for a full load the position at which its
    epoch starts. ``loaded`` counts the rows of a load, as far as they are known: a new table is laid out for them, or
    for its contract's if those are more. ``repeated`` says that an earlier run took all of it in: the log and the
    quarantine have it, only the base table is written again.
    """

    bronze: Bronze
    run: int
    floor: str | None
    loaded: int = 0
    repeated: bool = False


def take(blueprint: Blueprint, contract: Contract, where: Place, batch: Batch, table_format: TableFormat) -> Taken:
    """Write one entity's batch; repeating it after a crash changes nothing twice.

    The log goes first: what the base table holds is always in the log as well.
    """
    table = replace(where.base, rows_hint=max(where.base.rows_hint, batch.loaded))
    parsed = batch.bronze.parsed
    stored = table_format.read(table) if table_format.exists(table) else None
    log = history(parsed.sparkSession, contract, where.log, before=batch.run) if stored is not None else None
    parsed.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        taken = take_in(
            contract,
            batch.bronze,
            stored,
            log,
            batch.floor,
            clean=blueprint.clean[contract.entity],
            sessions=silver.event.sessions if contract.entity == "event" else None,
        )
        if not batch.repeated:
            _append(taken.log, f"{where.log}/run={batch.run}", taken.counts.read)
            if taken.counts.quarantined:
                _append(taken.quarantine, f"{where.quarantine}/run={batch.run}", taken.counts.quarantined)
        write = table_format.overwrite if stored is None else table_format.merge
        commit = write(table, taken.rows)
    finally:
        parsed.unpersist()
    return Taken(commit.id, taken.counts, taken.floor)


def history(spark: SparkSession, contract: Contract, log: str, before: int) -> DataFrame:
    """The change log as the runs before that one left it: an envelope frame.

    A run that is being repeated is left out: its folder is about to be written again.
    """
    columns = ", ".join(f"{column.name} {column.spark_type.simpleString()}" for column in contract.columns)
    frame = spark.read.schema(f"{columns}, {LOG_TYPES}, run int").parquet(log)
    return frame.where(F.col("run") < before).drop("run")


def refresh(mart: Mart, inputs: "Inputs", as_of: datetime, table: Table, table_format: TableFormat) -> Commit:
    """Compute one mart and replace its table."""
    rows = mart.build(**{name: inputs[name] for name in mart.inputs}, as_of=as_of)
    return table_format.overwrite(table, rows.withColumn(MART_KEY, record_key(mart)))


def record_key(mart: Mart) -> Column:
    """The one column by which a table format knows a mart's row: never NULL, never empty, another one for another key.

    A key of one column is that column's value as text, which packs well; where it is NULL or empty, and for a key of
    several columns, a digest. A format's own key of several columns would confuse ('x,y:z') with ('x', 'y:z').
    """
    digest = F.md5(F.to_json(F.struct(*mart.key)))
    if len(mart.key) > 1:
        return digest
    return F.coalesce(F.nullif(F.col(mart.key[0]).cast("string"), F.lit("")), digest)


class Inputs:
    """The frames that marts ask for by name, each made once: readers' views, and histories (``<entity>_version``).

    Safe for threads: marts are computed side by side.
    """

    def __init__(
        self,
        blueprint: Blueprint,
        base: Callable[[Contract], DataFrame],
        log: Callable[[Contract], DataFrame],
        as_of: datetime,
    ) -> None:
        """Say how frames are made.

        Args:
            blueprint: whose contracts the frames are of.
            base: gives an entity's base table.
            log: gives an entity's change log.
            as_of: the greatest business time taken in.
        """
        self._blueprint = blueprint
        self._base = base
        self._log = log
        self._as_of = as_of
        self._made: dict[str, DataFrame] = {}
        self._making = Lock()

    def __getitem__(self, name: str) -> DataFrame:
        """The frame of that name; UnknownEntity where there is none."""
        with self._making:
            if name not in self._made:
                self._made[name] = self._make(name)
            return self._made[name]

    @contextmanager
    def shared(self, marts: Sequence[Mart]) -> Iterator[None]:
        """Meanwhile each history that several of the marts ask for is read once: it lies in a file for each run."""
        readers = Counter(name for mart in marts for name in mart.inputs if name.endswith(VERSIONS))
        frames = [self[name] for name, count in readers.items() if count > 1]
        for frame in frames:
            frame.persist(StorageLevel.MEMORY_AND_DISK)
        try:
            yield
        finally:
            for frame in frames:
                frame.unpersist()

    def _make(self, name: str) -> DataFrame:
        owner = self._blueprint.contract(name.removesuffix(VERSIONS))
        if name.endswith(VERSIONS):
            return cdc.versions(self._log(owner), owner)
        return serve.reader(self._base(owner), owner, self._as_of)


def _append(frame: DataFrame, folder: str, rows: int) -> None:
    """One folder a run: repeating the run writes the same folder again. In few files: a reader pays for each."""
    files = math.ceil(rows / ROWS_PER_LOG_FILE)
    frame.coalesce(max(1, files)).write.mode("overwrite").option("compression", "zstd").parquet(folder)
