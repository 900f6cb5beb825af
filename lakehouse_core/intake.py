"""Taking a batch into an entity's tables, and giving marts the frames that they ask for by name.

What every adapter does alike once it knows where the tables are: it says where, which run this is and what was read.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_core import cdc, serve, silver
from lakehouse_core.blueprint import Blueprint
from lakehouse_core.bronze import Bronze
from lakehouse_core.contracts import Contract
from lakehouse_core.contracts.envelope import OP, POSITION, Op
from lakehouse_core.flow import Counts, take_in
from lakehouse_core.gold import Mart, update
from lakehouse_core.gold.keys import MART_KEY, keyed
from lakehouse_core.gold.slices import Changed, within
from lakehouse_core.ports import Commit, Table, TableFormat

LOG_TYPES = (
    "_op string, _position string, _business_time timestamp, _unsent array<string>, _old_key bigint, _file string"
)
VERSIONS = "_version"
ROWS_PER_LOG_FILE = 50_000
MOST_CHANGED_KEYS = 20_000
"""Beyond, nearly every slice of a mart is touched, and computing them one by one costs more than all at once."""


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
    return Table(
        name=mart.name,
        database=database,
        location=f"{root}/{mart.name}",
        key=MART_KEY,
        clustered=mart.cluster_by is not None,
    )


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


def history(spark: SparkSession, contract: Contract, log: str, before: int, since: int = 0) -> DataFrame:
    """The change log of the runs from ``since`` on and before ``before``: an envelope frame.

    A run that is being repeated is left out: its folder is about to be written again.
    """
    columns = ", ".join(f"{column.name} {column.spark_type.simpleString()}" for column in contract.columns)
    frame = spark.read.schema(f"{columns}, {LOG_TYPES}, run int").parquet(log)
    return frame.where((F.col("run") >= since) & (F.col("run") < before)).drop("run")


@dataclass(frozen=True)
class Keys:
    """The keys of an entity that changed (column ``id``, each once), and the least and the greatest of them."""

    frame: DataFrame
    least: int
    greatest: int

    def of(self, rows: DataFrame) -> DataFrame:
        """The rows with one of these keys.

        Rows lie as they came, keys rise: files are mostly skipped by their bounds.
        """
        return within(rows.where(F.col("id").between(self.least, self.greatest)), self.frame, "id")


def changed_keys(contract: Contract, log: DataFrame, base: DataFrame) -> Keys | None:
    """The keys of an entity's changes: those in its log, and the rows of its base table that moved with them.

    Args:
        contract: the entity's.
        log: the changes of its log.
        base: the base table's rows that were written since.

    Returns:
        None where there are so many, or a truncate among them, that a mart is sooner computed whole.
    """
    if not log.where(F.col(OP) == Op.TRUNCATE).isEmpty():
        return None
    both = log.select(contract.key).union(base.select(contract.key))
    keys = both.select(F.col(contract.key).alias("id")).distinct().localCheckpoint()
    (found,) = keys.agg(F.count("id").alias("n"), F.min("id").alias("least"), F.max("id").alias("greatest")).collect()
    return Keys(keys, found.least or 0, found.greatest or 0) if found.n <= MOST_CHANGED_KEYS else None


@dataclass(frozen=True)
class Refreshed:
    """What a mart's table is now: its commit, and how many rows of its inputs it was computed from.

    ``commit`` is None where no slice was touched; ``read`` is None where the mart was computed whole: from all.
    """

    commit: Commit | None
    read: int | None = None


def refresh(
    mart: Mart, inputs: "Inputs", table: Table, table_format: TableFormat, since: "Since | None" = None
) -> Refreshed:
    """Compute a mart anew and replace its table, or only the slices that changed.

    Args:
        mart: the mart.
        inputs: its frames as they are now.
        table: where it is; with ``since``, its rows are those that were computed from what was there then.
        table_format: how it is stored.
        since: what changed since the table was computed; None to compute all of it.
    """
    frames = {name: inputs[name] for name in mart.inputs}
    changed = since.changed(mart) if since and mart.slices else None
    if since is None or changed is None:
        return Refreshed(table_format.overwrite(table, keyed(mart, mart.build(**frames, as_of=inputs.as_of))))
    stored = table_format.read(table)
    clock_moved = mart.clock.of(since.as_of) != mart.clock.of(inputs.as_of)
    # What is looked at more than once is small, and cut off from the plan that made it: plans of plans would fill the heap.
    slices = update.touched(mart, frames, changed, stored, clock_moved=clock_moved).localCheckpoint()
    if slices.isEmpty():
        return Refreshed(None, 0)
    needed = {name: rows.localCheckpoint() for name, rows in update.slices_of(mart).needed(frames, slices).items()}
    given = frames | needed
    rows = update.renewed(mart, given, inputs.as_of, slices, stored).localCheckpoint()
    return Refreshed(table_format.patch(table, rows, update.GONE), sum(frame.count() for frame in given.values()))


class Inputs:
    """The frames that marts ask for by name, each made once: readers' views, and histories (``<entity>_version``).

    ``as_of`` is the greatest business time in them. Safe for threads: marts are computed side by side.
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
        self.as_of = as_of
        self._made: dict[str, DataFrame] = {}
        self._making = Lock()

    def __getitem__(self, name: str) -> DataFrame:
        """The frame of that name; UnknownEntity where there is none."""
        with self._making:
            if name not in self._made:
                self._made[name] = self._make(name)
            return self._made[name]

    def owner(self, name: str) -> Contract:
        """The contract of the entity that the frame of that name is of; UnknownEntity where there is none."""
        return self._blueprint.contract(name.removesuffix(VERSIONS))

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
        owner = self.owner(name)
        if name.endswith(VERSIONS):
            return cdc.versions(self._log(owner), owner)
        return serve.reader(self._base(owner), owner, self.as_of)


class Since:
    """What changed of marts' inputs since an earlier run, whose ``as_of`` it has; safe for threads."""

    def __init__(self, before: "Inputs", now: "Inputs", written: "Inputs", keys: Mapping[str, Keys | None]) -> None:
        """Say between what.

        Args:
            before: the frames as they were.
            now: the frames as they are.
            written: the frames as they are, of current rows only those that were written since.
            keys: by entity, the keys that changed, None where they are many or not known; an entity that did not change
                is left out.
        """
        self.as_of = before.as_of
        self._before = before
        self._now = now
        self._written = written
        self._keys = keys
        self._made: dict[str, Changed] = {}
        self._making = Lock()

    def changed(self, mart: Mart) -> dict[str, Changed] | None:
        """The changed rows of each of the mart's inputs that changed; None where some of them are many or not known."""
        owners = {name: self._now.owner(name).entity for name in mart.inputs}
        moved = {name: self._keys[entity] for name, entity in owners.items() if entity in self._keys}
        if any(keys is None for keys in moved.values()):
            return None
        return {name: self._changed(name, keys) for name, keys in moved.items() if keys is not None}

    def _changed(self, name: str, keys: Keys) -> Changed:
        """Read once for all marts, and cut off from the plan that made it, which would be planned with each slice of each."""
        with self._making:
            if name not in self._made:
                written = self._now if name.endswith(VERSIONS) else self._written
                before, after = keys.of(self._before[name]), keys.of(written[name])
                self._made[name] = Changed(before.localCheckpoint(), after.localCheckpoint())
            return self._made[name]


def _append(frame: DataFrame, folder: str, rows: int) -> None:
    """One folder a run: repeating the run writes the same folder again. In few files: a reader pays for each."""
    files = math.ceil(rows / ROWS_PER_LOG_FILE)
    frame.coalesce(max(1, files)).write.mode("overwrite").option("compression", "zstd").parquet(folder)
