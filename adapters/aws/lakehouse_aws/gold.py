"""Gold's job: every mart from silver as its tables stand."""

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from pyspark.sql import DataFrame

from lakehouse_aws import catalog, lease, ledger, metrics
from lakehouse_aws.ledger import TableRun
from lakehouse_aws.world import World, job
from lakehouse_core import intake
from lakehouse_core.contracts import Contract
from lakehouse_core.errors import TableMissing
from lakehouse_core.gold import Mart

FOLDER = "_lakehouse/gold"
SIDE_BY_SIDE = 3
"""Marts computed at once: while one waits for S3, another uses the workers."""


def main(argv: Sequence[str] = sys.argv) -> None:
    """The job's entry point."""
    with job(argv) as (world, _):
        as_of = run(world)
        print(f"gold: {len(world.blueprint.marts)} marts as of {as_of.isoformat()}")  # noqa: T201 (a job's output is its log)


def run(world: World) -> datetime:
    """Compute and register every mart; the business time that they go up to.

    Raises:
        TableMissing: a silver table that no run has written yet.
        WriterHeld, WriterLost: another run writes gold.
    """
    bucket = world.naming.bucket("silver")
    started = world.clock()
    with lease.hold(world.storage, bucket, FOLDER, world.run_id, world.clock) as still_ours:
        runs = {entity: _latest(world, contract) for entity, contract in world.blueprint.contracts.items()}
        as_of = max((each.as_of for each in runs.values() if each.as_of), default=None)
        if as_of is None:
            raise TableMissing("no table of silver has a row yet", hint="see what DMS writes to bronze")
        inputs = intake.Inputs(world.blueprint, lambda c: _base(world, c, runs), lambda c: _log(world, c, runs), as_of)

        def refresh(mart: Mart) -> None:
            still_ours()
            table = intake.mart_table(mart, world.naming.database("gold"), world.root("gold"))
            intake.refresh(mart, inputs, table, world.format)
            catalog.register_mart(world, mart, table)

        with inputs.shared(world.blueprint.marts), ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            list(pool.map(refresh, world.blueprint.marts))
        catalog.register_revenue_by_tenant(world)
    metrics.gold_run(
        world.naming,
        len(world.blueprint.marts),
        world.clock() - started,
        world.clock() - as_of.timestamp(),
        world.clock(),
    )
    return as_of


def _latest(world: World, contract: Contract) -> TableRun:
    found = ledger.latest(world.storage, world.naming.bucket("silver"), contract.entity)
    if found is None:
        raise TableMissing(
            f"silver's {contract.entity} has no finished run",
            hint=f"run the silver job with --entity {contract.entity}",
        )
    return found


def _base(world: World, contract: Contract, runs: dict[str, TableRun]) -> DataFrame:
    table = world.place(contract).base
    return world.format.read_as_of(table, runs[contract.entity].commit)


def _log(world: World, contract: Contract, runs: dict[str, TableRun]) -> DataFrame:
    where = world.place(contract)
    return intake.history(world.spark, contract, where.log, before=runs[contract.entity].run + 1)
