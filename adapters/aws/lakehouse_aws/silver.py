"""Silver's job: what DMS left in bronze for one table, into silver."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse_aws import bronze, catalog, lease, ledger, metrics
from lakehouse_aws.bronze import Part
from lakehouse_aws.errors import BronzeMissing, FormatFixed, WriterLost
from lakehouse_aws.ledger import TableRun
from lakehouse_aws.world import World, job, one_of
from lakehouse_core import intake
from lakehouse_core.blueprint import STANDARD
from lakehouse_core.bronze import Bronze, dms
from lakehouse_core.contracts import CONTRACTS, Contract, Phase, position
from lakehouse_core.contracts.envelope import BUSINESS_TIME, FILE


def main(argv: Sequence[str] = sys.argv) -> None:
    """The job's entry point: ``--entity`` names the table."""
    with job(argv, "entity") as (world, given):
        contract = CONTRACTS[one_of("entity", given["entity"], tuple(CONTRACTS))]
        done = run(world, contract)
        if not done:
            print(f"{contract.entity}: nothing new in bronze")  # noqa: T201 (a job's output is its log)
        for record in done:
            print(f"{contract.entity}: run {record.run} of epoch {record.epoch}, {record.rows_in:,} changes")  # noqa: T201


def run(world: World, contract: Contract) -> list[TableRun]:
    """Take in everything that is new; one record for each load and each lot of changes.

    Raises:
        WriterHeld, WriterLost: another run writes to the table.
        FormatFixed: the table is there in another format.
        LakehouseError: by name; what was not recorded is repeated by the next run.
    """
    bucket = world.naming.bucket("silver")
    done: list[TableRun] = []
    with lease.hold(world.storage, bucket, ledger.folder(contract.entity), world.run_id, world.clock) as still_ours:
        last = ledger.latest(world.storage, bucket, contract.entity)
        if last is not None and last.table_format != world.format.name:
            raise FormatFixed(
                f"silver's {contract.entity} is {last.table_format}; {world.format.name} was asked for",
                hint=f"--table_format {last.table_format}, or another --suffix for a lake of the other format",
            )
        while (part := _next(world, contract, last)) is not None:
            started = world.clock()
            last = _take(world, contract, part, last)
            still_ours()
            if not ledger.write(world.storage, bucket, contract.entity, last):
                raise WriterLost(f"another run wrote record {last.run} of {contract.entity}", hint="run the job again")
            metrics.table_run(world.naming, contract.entity, last, world.clock() - started, world.clock())
            done.append(last)
        if done:
            catalog.register_silver(world, contract, last.as_of if last else None)
    return done


def _next(world: World, contract: Contract, last: TableRun | None) -> Part | None:
    """The next part; that of a run that left no record, if there is one."""
    bucket = world.naming.bucket("silver")
    number = last.run + 1 if last else 1
    files = bronze.files_of(world.storage, world.naming.bucket("bronze"), contract)
    if (broken := ledger.begun(world.storage, bucket, contract.entity, number)) is not None:
        _require(broken, files, f"s3://{bucket}/{ledger.intent_key(contract.entity, number)}")
        return broken
    new = bronze.parts(files, last.files if last else (), last.epoch if last else 0)
    return ledger.settled(world.storage, bucket, contract.entity, number, new[0]) if new else None


def _require(broken: Part, files: bronze.Files, intent: str) -> None:
    """BronzeMissing where what a broken run began to take in is no longer there."""
    there = {found.key for found in (*files.load, *files.changes)}
    if gone := [found.key for found in broken.files if found.key not in there]:
        raise BronzeMissing(
            f"a broken run ({intent}) began to take in {len(gone)} files that are gone from bronze, {gone[0]} first",
            hint="put them back; or delete the intent, load the table again in DMS, and run the job again",
        )


def _take(world: World, contract: Contract, part: Part, last: TableRun | None) -> TableRun:
    number = last.run + 1 if last else 1
    read = _load(world, contract, part) if part.is_load else _changes(world, contract, part)
    floor = position(part.epoch, Phase.LOAD, 0, 0) if part.is_load else (last.floor if last else None)
    where = intake.place(contract, world.naming.database("silver"), world.root("silver"))
    read.parsed.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        rows, newest = _rows_and_newest(read)
        batch = intake.Batch(read, number, floor, loaded=rows if part.is_load else 0)
        taken = intake.take(STANDARD, contract, where, batch, world.format)
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
    raw = _text(world, part, dms.transaction_schema(CONTRACTS.values(), stream_position=False))
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
