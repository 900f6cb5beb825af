"""Gold of a run: every mart whose result may have changed, computed from silver as it stands."""

import hashlib
import inspect
import json
import sys
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from lakehouse_core.blueprint import Blueprint
from lakehouse_core.gold import Mart
from lakehouse_core.intake import VERSIONS, Inputs
from lakehouse_local.lake.lake import Lake
from lakehouse_local.lake.records import RunRecord


def inputs(lake: Lake, record: RunRecord) -> Inputs:
    """The frames of silver as that run left it."""
    return Inputs(
        lake.blueprint,
        lambda contract: lake.format.read(lake.base(contract)),
        lambda contract: lake.log(contract, before=record.run + 1),
        record.as_of,
    )


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
