"""Gold of a run: every mart whose result may have changed, brought up to date with silver as it stands.

A mart with slices is computed only where changes touch it (:mod:`lakehouse_core.gold.update`), if its inputs are large
enough for that to pay, its table is as the record before says, and the files that it was computed from are still there.
"""

import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from pyspark.sql import DataFrame

from lakehouse_core import intake
from lakehouse_core.blueprint import Blueprint
from lakehouse_core.contracts import Contract
from lakehouse_core.gold import Mart
from lakehouse_core.intake import VERSIONS, Inputs, Keys, Since
from lakehouse_core.tables.frames import stored_bytes
from lakehouse_local.lake.lake import Lake
from lakehouse_local.lake.records import RunRecord, TableRecord

SIDE_BY_SIDE = 3
"""Marts at once; more than the machine's cores would only take memory from each other."""

SLICED_FROM = 32 * 1024**2
"""Bytes of the files of a mart's inputs: of fewer, computing all costs less than finding out what changed (docs/adr/0022)."""


def refreshed(lake: Lake, record: RunRecord, before: RunRecord | None) -> RunRecord:
    """The record after every mart that may have changed was brought up to date.

    Args:
        lake: the lake, its silver as the record says.
        record: of the run, gold still as the last run left it.
        before: of the last run whose gold was brought up to date; None to compute every mart whole.
    """
    marts = stale(lake.blueprint, record)
    now = inputs(lake, record)
    size = cache(lambda contract: stored_bytes(lake.format.read(lake.base(contract))))
    sliced = [mart for mart in marts if before and _pays(lake, mart, size) and _stands(lake, before, mart)]
    changes = since(lake, before, record, now, sliced) if before and sliced else None
    with now.shared(marts), ThreadPoolExecutor(SIDE_BY_SIDE) as pool:

        def entry(mart: Mart) -> TableRecord:
            done = intake.refresh(mart, now, lake.mart(mart), lake.format, changes if mart in sliced else None)
            kept = done.commit.id if done.commit else record.tables[f"gold.{mart.name}"].commit
            return TableRecord(kept, basis=basis(mart, record, lake.blueprint), read=done.read)

        entries = {f"gold.{mart.name}": each for mart, each in zip(marts, pool.map(entry, marts), strict=True)}
    return replace(record, tables={**record.tables, **entries}, marts=tuple(mart.name for mart in marts))


def inputs(lake: Lake, record: RunRecord) -> Inputs:
    """The frames of silver as the last run left it, whose record that is."""
    return _inputs(lake, record, lambda contract: lake.format.read(lake.base(contract)))


def _inputs(lake: Lake, record: RunRecord, base: Callable[[Contract], DataFrame]) -> Inputs:
    return Inputs(lake.blueprint, base, lambda contract: lake.log(contract, before=record.run + 1), record.as_of)


def _pays(lake: Lake, mart: Mart, size: Callable[[Contract], int]) -> bool:
    """Whether the mart has slices, and inputs so large that they are worth it."""
    owners = {contract.entity: contract for contract in _owners(lake.blueprint, mart).values()}
    return mart.slices is not None and sum(map(size, owners.values())) >= SLICED_FROM


def _stands(lake: Lake, before: RunRecord, mart: Mart) -> bool:
    """Whether the mart's table was computed from silver as that record lists it, and nothing was written to it since.

    It is not where another program computed it, and where a killed run wrote it after that run.
    """
    entry = before.tables.get(f"gold.{mart.name}")
    known = all(f"silver.{each.entity}" in before.tables for each in _owners(lake.blueprint, mart).values())
    if entry is None or not known or entry.basis != basis(mart, before, lake.blueprint):
        return False
    return lake.format.last(lake.mart(mart)).id == entry.commit


def since(lake: Lake, before: RunRecord, record: RunRecord, now: Inputs, marts: Sequence[Mart]) -> Since:
    """What changed of those marts' inputs between two runs, the later one of which is the last: ``now`` are its frames."""

    def commit(of: RunRecord, contract: Contract) -> str:
        return of.tables[f"silver.{contract.entity}"].commit

    def keys(contract: Contract) -> Keys | None:
        """The entity's changed keys; None where too many are, or where it is no longer known which."""
        was, is_now = (each.tables[f"silver.{contract.entity}"] for each in (before, record))
        base = lake.base(contract)
        if was.columns != is_now.columns or was.commit not in {each.id for each in lake.format.history(base)}:
            return None
        log = lake.log(contract, before=record.run + 1, since=before.run + 1)
        return intake.changed_keys(contract, log, lake.format.changes_since(base, was.commit))

    owners = {each.entity: each for mart in marts for each in _owners(lake.blueprint, mart).values()}
    moved = [each for each in owners.values() if commit(before, each) != commit(record, each)]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        found = dict(zip((each.entity for each in moved), pool.map(keys, moved), strict=True))

    def was(contract: Contract) -> DataFrame:
        return lake.format.read_as_of(lake.base(contract), commit(before, contract))

    def written(contract: Contract) -> DataFrame:
        return lake.format.changes_since(lake.base(contract), commit(before, contract))

    return Since(_inputs(lake, before, was), now, _inputs(lake, record, written), found)


def _owners(blueprint: Blueprint, mart: Mart) -> dict[str, Contract]:
    """The contract that each of a mart's inputs is of."""
    return {name: blueprint.contract(name.removesuffix(VERSIONS)) for name in mart.inputs}


def stale(blueprint: Blueprint, record: RunRecord) -> tuple[Mart, ...]:
    """The marts whose table was computed from something else than what the record lists now, or never."""
    return tuple(mart for mart in blueprint.marts if _basis_of(record, mart) != basis(mart, record, blueprint))


def basis(mart: Mart, record: RunRecord, blueprint: Blueprint) -> str:
    """A digest of all that a mart's rows follow from: its inputs' commits, its part of ``as_of``, and the code.

    A history (``<entity>_version``) grows exactly when its base table is committed to.
    """
    owners = _owners(blueprint, mart).items()
    commits = {name: record.tables[f"silver.{contract.entity}"].commit for name, contract in owners}
    parts = json.dumps([mart.clock.of(record.as_of), commits, _code_of(mart.build.__module__)], sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()[:32]


def _basis_of(record: RunRecord, mart: Mart) -> str | None:
    entry = record.tables.get(f"gold.{mart.name}")
    return entry.basis if entry else None


@cache
def _code_of(module: str) -> str:
    """A digest of the core's source and of the module that builds a mart: another program, other rows."""
    digest = hashlib.sha256()
    for source in sorted(_sources(resources.files("lakehouse_core"))):
        digest.update(source)
    digest.update(inspect.getsource(sys.modules[module]).encode())
    return digest.hexdigest()


def _sources(folder: Traversable) -> list[bytes]:
    found: list[bytes] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _sources(entry)
        elif entry.name.endswith(".py"):
            found.append(entry.read_bytes())
    return found
