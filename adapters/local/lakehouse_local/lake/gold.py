"""Gold of a run: every mart whose result may have changed, brought up to date with silver as it stands.

A mart with slices is computed only where changes touch it (:mod:`lakehouse_core.gold.update`), if it is known what
changed since: its table is as its record says, and the files of the run that it was computed in are still there.
"""

import hashlib
import inspect
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from pyspark.sql import DataFrame

from lakehouse_core import intake
from lakehouse_core.blueprint import Blueprint
from lakehouse_core.contracts import Contract
from lakehouse_core.errors import CommitUnknown
from lakehouse_core.gold import Mart
from lakehouse_core.intake import VERSIONS, Inputs, Since
from lakehouse_local.lake import records
from lakehouse_local.lake.lake import Lake
from lakehouse_local.lake.records import RunRecord, TableRecord

SIDE_BY_SIDE = 3
"""Marts at once; more than the machine's cores would only take memory from each other."""


def refreshed(lake: Lake, record: RunRecord) -> RunRecord:
    """The record after every mart that may have changed was brought up to date."""
    marts = stale(lake.blueprint, record)
    now = inputs(lake, record)
    computed = {mart.name: _computed_in(lake, record, mart) for mart in marts}
    with now.shared(marts), ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        runs = {earlier.run: earlier for earlier in computed.values() if earlier}
        changes = {run: since(lake, earlier, record, now) for run, earlier in runs.items()}

        def entry(mart: Mart) -> TableRecord:
            earlier = computed[mart.name]
            changed = changes[earlier.run] if earlier else None
            commit = intake.refresh(mart, now, lake.mart(mart), lake.format, changed)
            kept = commit.id if commit else record.tables[f"gold.{mart.name}"].commit
            return TableRecord(kept, basis=basis(mart, record, lake.blueprint), computed=record.run)

        entries = {f"gold.{mart.name}": each for mart, each in zip(marts, pool.map(entry, marts), strict=True)}
    return replace(record, tables={**record.tables, **entries}, marts=tuple(mart.name for mart in marts))


def inputs(lake: Lake, record: RunRecord) -> Inputs:
    """The frames of silver as the last run left it, whose record that is."""
    return _inputs(lake, record, lambda contract: lake.format.read(lake.base(contract)))


def _inputs(lake: Lake, record: RunRecord, base: Callable[[Contract], DataFrame]) -> Inputs:
    return Inputs(lake.blueprint, base, lambda contract: lake.log(contract, before=record.run + 1), record.as_of)


def _computed_in(lake: Lake, record: RunRecord, mart: Mart) -> RunRecord | None:
    """The run from whose silver the mart's table was computed; None where the table may be something else.

    It is where another program computed it, and where a killed run wrote it after the run that the record is of.
    """
    entry = record.tables.get(f"gold.{mart.name}")
    if mart.slices is None or entry is None or entry.computed is None:
        return None
    earlier = records.numbered(lake.storage, lake.silver, entry.computed)
    same = basis(mart, earlier, lake.blueprint) == entry.basis
    return earlier if same and lake.format.last(lake.mart(mart)).id == entry.commit else None


def since(lake: Lake, earlier: RunRecord, record: RunRecord, now: Inputs) -> Since:
    """What changed in silver between two runs, of which ``now`` are the later one's frames."""
    before: dict[str, DataFrame] = {}

    def changed(contract: Contract) -> DataFrame | None:
        """The entity's changed keys; None where too many are, or where it is no longer known which."""
        was, now_is = (each.tables.get(f"silver.{contract.entity}") for each in (earlier, record))
        if was is None or now_is is None or was.columns != now_is.columns:
            return None
        base = lake.base(contract)
        try:
            before[contract.entity] = lake.format.read_as_of(base, was.commit)
        except CommitUnknown:
            return None
        log = lake.log(contract, before=record.run + 1, since=earlier.run + 1)
        return intake.changed_keys(contract, log, lake.format.changes_since(base, was.commit))

    moved = [each for each in lake.blueprint.contracts.values() if _commit(earlier, each) != _commit(record, each)]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        keys = dict(zip((each.entity for each in moved), pool.map(changed, moved), strict=True))
    return Since(lake.blueprint, _inputs(lake, earlier, lambda contract: before[contract.entity]), now, keys)


def _commit(record: RunRecord, contract: Contract) -> str | None:
    entry = record.tables.get(f"silver.{contract.entity}")
    return entry.commit if entry else None


def stale(blueprint: Blueprint, record: RunRecord) -> tuple[Mart, ...]:
    """The marts whose table was computed from something else than what the record lists now, or never."""
    return tuple(mart for mart in blueprint.marts if _basis_of(record, mart) != basis(mart, record, blueprint))


def basis(mart: Mart, record: RunRecord, blueprint: Blueprint) -> str:
    """A digest of all that a mart's rows follow from: its inputs' commits, its part of ``as_of``, and the code.

    A history (``<entity>_version``) grows exactly when its base table is committed to.
    """
    entities = {name: blueprint.contract(name.removesuffix(VERSIONS)).entity for name in mart.inputs}
    commits = {name: record.tables[f"silver.{entity}"].commit for name, entity in entities.items()}
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
