"""Silver's job: what DMS left in bronze for one table, into silver."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse_aws import bronze, catalog, lease, ledger, metrics
from lakehouse_aws.bronze import Part
from lakehouse_aws.errors import ArgumentInvalid, BronzeMissing, FormatFixed, WriterLost
from lakehouse_aws.ledger import TableRun
from lakehouse_aws.world import World, job, one_of, option
from lakehouse_core import intake
from lakehouse_core.bronze import Bronze, dms
from lakehouse_core.contracts import Contract, Phase, position
from lakehouse_core.contracts.envelope import BUSINESS_TIME, FILE
from lakehouse_core.errors import BlueprintChanged, NothingCaptured

_FROM, _TO = "--backfill_from", "--backfill_to"


@dataclass(frozen=True)
class Period:
    """Changes that S3 got from ``since`` to before ``until``: to be taken in once more."""

    since: datetime
    until: datetime


def main(argv: Sequence[str] = sys.argv) -> None:
    """The job's entry point: ``--entity`` names the table.

    ``--backfill_from`` and ``--backfill_to`` (ISO 8601, UTC where no zone is given) take what S3 got in that period in
    once more, after what is new.
    """
    with job(argv, "entity") as (world, given):
        there = world.blueprint.contracts
        contract = there[one_of("entity", given["entity"], tuple(there))]
        period = _period(argv)
        done = run(world, contract)
        if not done and period is None:
            print(f"{contract.entity}: nothing new in bronze")  # noqa: T201 (a job's output is its log)
        if period is not None:
            done.append(backfill(world, contract, period))
        for record in done:
            print(f"{contract.entity}: run {record.run} of epoch {record.epoch}, {record.rows_in:,} changes")  # noqa: T201


def run(world: World, contract: Contract) -> list[TableRun]:
    """Take in everything that is new; one record for each load and each lot of changes.

    Raises:
        WriterHeld, WriterLost: another run writes to the table.
        FormatFixed: the table is there in another format.
        BlueprintChanged: the table is there with other columns.
        LakehouseError: by name; what was not recorded is repeated by the next run.
    """
    done: list[TableRun] = []
    with _held(world, contract) as (last, record):
        while (part := _next(world, contract, done[-1] if done else last)) is not None:
            done.append(record(part, done[-1] if done else last, repeated=False))
        if done:
            catalog.register_silver(world, contract, done[-1].as_of)
    return done


def backfill(world: World, contract: Contract, period: Period) -> TableRun:
    """Take the changes of a period in once more, as a run of its own; what is new must have been taken in before.

    For a silver function that has changed since, and for a table that was damaged: rows that were right stay as they
    are, and repeating it changes nothing. The change log and the quarantine have these changes already. Loads are not
    repeated: they would say that whatever they lack is deleted (load the table again in DMS).

    Raises:
        NothingCaptured: the newest epoch has no changes in that period, or nothing was taken in yet.
        LakehouseError: by name, as for :func:`run`.
    """
    files = bronze.files_of(world.storage, world.naming.bucket("bronze"), contract)
    chosen = bronze.changes_between(files, period.since, period.until)
    with _held(world, contract) as (last, record):
        if last is None or not chosen:
            newest = [found.modified for found in bronze.changes_between(files, _EVER.since, _EVER.until)]
            there = f"from {min(newest):%Y-%m-%d %H:%M} to {max(newest):%Y-%m-%d %H:%M} UTC" if newest else "none"
            raise NothingCaptured(
                f"S3 got no changes from {period.since:%Y-%m-%d %H:%M} to {period.until:%Y-%m-%d %H:%M} UTC",
                hint=f"changes of the newest epoch: {there}; loading the table again in DMS takes in everything anew",
            )
        _require_columns(world, contract, last, loading=False)
        return record(bronze.Part(last.epoch, is_load=False, files=chosen), last, repeated=True)


_EVER = Period(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
_Recorder = Callable[..., TableRun]


@contextmanager
def _held(world: World, contract: Contract) -> Iterator[tuple[TableRun | None, _Recorder]]:
    """The table's newest record while this run is its only writer, and what takes a part in and records it."""
    bucket = world.naming.bucket("silver")
    with lease.hold(world.storage, bucket, ledger.folder(contract.entity), world.run_id, world.clock) as still_ours:
        last = ledger.latest(world.storage, bucket, contract.entity)
        if last is not None and last.table_format != world.format.name:
            raise FormatFixed(
                f"silver's {contract.entity} is {last.table_format}; {world.format.name} was asked for",
                hint=f"--table_format {last.table_format}, or another --suffix for a lake of the other format",
            )

        def record(part: Part, last: TableRun | None, *, repeated: bool) -> TableRun:
            started = world.clock()
            taken = _take(world, contract, part, last, repeated=repeated)
            still_ours()
            if not ledger.write(world.storage, bucket, contract.entity, taken):
                raise WriterLost(f"another run wrote record {taken.run} of {contract.entity}", hint="run the job again")
            metrics.table_run(world.naming, contract.entity, taken, world.clock() - started, world.clock())
            return taken

        yield last, record


def _period(argv: Sequence[str]) -> Period | None:
    """The period that the arguments name; ArgumentInvalid where only one end is given, or one is no time."""
    given = [option(argv, name) for name in (_FROM, _TO)]
    if not any(given):
        return None
    try:
        since, until = (datetime.fromisoformat(text or "") for text in given)
    except ValueError:
        raise ArgumentInvalid(
            f"{_FROM} {given[0]} {_TO} {given[1]}: both are needed, as times of ISO 8601",
            hint=f"{_FROM} 2026-01-15T00:00 {_TO} 2026-01-16T00:00",
        ) from None
    return Period(*(end if end.tzinfo else end.replace(tzinfo=UTC) for end in (since, until)))


def _next(world: World, contract: Contract, last: TableRun | None) -> Part | None:
    """The next part; that of a run that left no record, if there is one."""
    bucket = world.naming.bucket("silver")
    number = last.run + 1 if last else 1
    files = bronze.files_of(world.storage, world.naming.bucket("bronze"), contract)
    new = bronze.parts(files, last.files if last else (), last.epoch if last else 0)
    if new:
        _require_columns(world, contract, last, loading=any(part.is_load for part in new))
    if (broken := ledger.begun(world.storage, bucket, contract.entity, number)) is not None:
        _require(broken, files, f"s3://{bucket}/{ledger.intent_key(contract.entity, number)}")
        return broken
    return ledger.settled(world.storage, bucket, contract.entity, number, new[0]) if new else None


def _require(broken: Part, files: bronze.Files, intent: str) -> None:
    """BronzeMissing where what a broken run began to take in is no longer there."""
    there = {found.key for found in (*files.load, *files.changes)}
    if gone := [found.key for found in broken.files if found.key not in there]:
        raise BronzeMissing(
            f"a broken run ({intent}) began to take in {len(gone)} files that are gone from bronze, {gone[0]} first",
            hint="put them back; or delete the intent, load the table again in DMS, and run the job again",
        )


def _require_columns(world: World, contract: Contract, last: TableRun | None, *, loading: bool) -> None:
    """BlueprintChanged where the table lacks a column that the run would fill in changed rows alone, or has one more.

    ``loading``: a load is among what the run takes in, which fills every row.
    """
    if last is None:
        return
    wanted = set(contract.silver_names)
    there = {name for name in world.format.read(world.place(contract).base).columns if not name.startswith("_")}
    if gone := sorted(there - wanted):
        raise BlueprintChanged(
            f"this job's blueprint lacks columns that silver's {contract.entity} has: {', '.join(gone)}",
            hint="run it with the --extensions that made the table",
        )
    if not loading and (new := sorted(wanted - there)):
        raise BlueprintChanged(
            f"silver's {contract.entity} was made before the blueprint had {', '.join(new)}",
            hint="load the table again in DMS: the next run takes in the load, which fills every row",
        )


def _take(world: World, contract: Contract, part: Part, last: TableRun | None, *, repeated: bool) -> TableRun:
    number = last.run + 1 if last else 1
    read = _load(world, contract, part) if part.is_load else _changes(world, contract, part)
    floor = position(part.epoch, Phase.LOAD, 0, 0) if part.is_load else (last.floor if last else None)
    where = world.place(contract)
    read.parsed.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        rows, newest = _rows_and_newest(read)
        batch = intake.Batch(read, number, floor, loaded=rows if part.is_load else 0, repeated=repeated)
        taken = intake.take(world.blueprint, contract, where, batch, world.format)
    finally:
        read.parsed.unpersist()
    times = [time for time in (newest, last.as_of if last else None) if time]
    counts = taken.counts
    return TableRun(
        run=number,
        epoch=part.epoch,
        files=_kept(world, contract, part, last),
        commit=taken.commit,
        table_format=world.format.name,
        as_of=max(times, default=None),
        floor=taken.floor,
        rows_in=counts.read,
        upserts=counts.upserts,
        deletes=counts.deletes,
        quarantined=counts.quarantined,
        superseded=counts.superseded,
    )


def _kept(world: World, contract: Contract, part: Part, last: TableRun | None) -> tuple[str, ...]:
    """All that was taken in and is still in bronze: what is gone from there need not be remembered."""
    files = bronze.files_of(world.storage, world.naming.bucket("bronze"), contract)
    there = {bronze.identity(found) for found in (*files.load, *files.changes)}
    taken = {*(last.files if last else ()), *(bronze.identity(found) for found in part.files)}
    return tuple(sorted(taken & there))


def _load(world: World, contract: Contract, part: Part) -> Bronze:
    raw = _text(world, part, dms.load_schema(contract, stream_position=False))
    return dms.load_rows(raw, contract, part.epoch, 0)


def _changes(world: World, contract: Contract, part: Part) -> Bronze:
    raw = _text(world, part, dms.transaction_schema(world.blueprint.contracts.values(), stream_position=False))
    return dms.transaction_rows(raw, contract, part.epoch, stream_position=False)


def _text(world: World, part: Part, schema: StructType) -> DataFrame:
    paths = [f"{world.root('bronze')}/{found.key}" for found in part.files]
    frame = world.spark.read.options(**dms.READ_OPTIONS).schema(schema).csv(paths)
    return frame.withColumn(FILE, F.col("_metadata.file_path"))


def _rows_and_newest(read: Bronze) -> tuple[int, datetime | None]:
    """How many changes, and the greatest business time; as a number, since rows would carry it in this process's zone."""
    ((rows, micros),) = read.changes.agg(F.count("*"), F.max(F.unix_micros(BUSINESS_TIME))).collect()
    if micros is None:
        return rows, None
    return rows, datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)
