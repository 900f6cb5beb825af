"""Gold of a run: every mart whose result may have changed, computed from silver as it stands."""

import hashlib
import inspect
import json
import sys
from datetime import datetime
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from threading import Lock

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core import cdc, serve
from lakehouse_core.blueprint import Blueprint
from lakehouse_core.gold import Mart
from lakehouse_local.lake import silver
from lakehouse_local.lake.lake import MART_KEY, Lake
from lakehouse_local.lake.records import RunRecord

_VERSIONS = "_version"


def refresh(lake: Lake, mart: Mart, inputs: "Inputs", as_of: datetime) -> str:
    """Compute one mart and replace its table; the commit's id."""
    rows = mart.build(**{name: inputs[name] for name in mart.inputs}, as_of=as_of)
    # One own record key: a format's key of several columns confuses ('x,y:z') with ('x', 'y:z').
    keyed = rows.withColumn(MART_KEY, F.md5(F.to_json(F.struct(*mart.key))))
    return lake.format.overwrite(lake.mart(mart), keyed).id


class Inputs:
    """The frames that marts ask for by name, each made once: readers' views, and histories (``<entity>_version``)."""

    def __init__(self, lake: Lake, record: RunRecord) -> None:
        self._lake = lake
        self._record = record
        self._made: dict[str, DataFrame] = {}
        self._making = Lock()

    def __getitem__(self, name: str) -> DataFrame:
        """The frame of that name."""
        with self._making:
            if name not in self._made:
                self._made[name] = self._make(name)
            return self._made[name]

    def _make(self, name: str) -> DataFrame:
        owner = self._lake.blueprint.contract(name.removesuffix(_VERSIONS))
        if name.endswith(_VERSIONS):
            return cdc.versions(silver.history(self._lake, owner, before=self._record.run + 1), owner)
        return serve.reader(self._lake.format.read(self._lake.base(owner)), owner, self._record.as_of)


def stale(blueprint: Blueprint, record: RunRecord) -> tuple[Mart, ...]:
    """The marts whose table was computed from something else than what the record lists now, or never."""
    return tuple(mart for mart in blueprint.marts if _basis_of(record, mart) != basis(mart, record, blueprint))


def basis(mart: Mart, record: RunRecord, blueprint: Blueprint) -> str:
    """A digest of all that a mart's rows follow from: its inputs' commits, its part of ``as_of``, and the code.

    A history (``<entity>_version``) grows exactly when its base table is committed to.
    """
    entities = {name: blueprint.contract(name.removesuffix(_VERSIONS)).entity for name in mart.inputs}
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
