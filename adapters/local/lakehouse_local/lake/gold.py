"""Gold of a run: every mart whose inputs changed, computed from silver as it stands."""

from datetime import datetime
from threading import Lock

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core import cdc, serve
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


def stale(marts: tuple[Mart, ...], changed: set[str], record: RunRecord) -> tuple[Mart, ...]:
    """The marts to compute again: all once anything changed, because each knows what is complete at ``as_of``."""
    missing = any(f"gold.{mart.name}" not in record.tables for mart in marts)
    return marts if changed or missing else ()
