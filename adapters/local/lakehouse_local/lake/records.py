"""Run records: one JSON object per finished run, the commit of the whole lake.

``_lakehouse/runs/<12 digits>.json`` in the silver bucket lists every table's commit as that run left it, so that a
reader of one record sees all tables at one point. A run without a record did not happen.
"""

import bisect
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from lakehouse_core.contracts import Naming
from lakehouse_core.ports import Storage
from lakehouse_local import state
from lakehouse_local.errors import NoSuchTime, StateTooNew
from lakehouse_local.lake import kept

PREFIX = "_lakehouse/runs/"
VERSION = 1
"""Of the records' format; records without one are of version 1."""


@dataclass(frozen=True)
class Applied:
    """The last manifest that was taken in; ``end_lsn`` is exclusive."""

    epoch: int
    sequence: int
    end_lsn: int


@dataclass(frozen=True)
class TableRecord:
    """One table after a run: its commit, what the run did to it, and the position of its newest truncate.

    ``columns`` are those of a silver table, as ``name type``; None where an older version wrote the record.
    ``basis``: of a mart, a digest of what it was computed from. ``read``: from how many rows of its inputs the run
    computed the slices that changed; None where it computed it whole, or left it alone.
    """

    commit: str
    rows_in: int = 0
    upserts: int = 0
    deletes: int = 0
    quarantined: int = 0
    superseded: int = 0
    floor: str | None = None
    columns: tuple[str, ...] | None = None
    basis: str | None = None
    read: int | None = None


@dataclass(frozen=True)
class RunRecord:
    """One finished run.

    ``as_of`` is the greatest business time taken in so far; ``tables`` has every table of the lake by layer and name
    (``silver.order``, ``gold.revenue_daily``), also those that the run left alone; ``marts`` names those it refreshed.
    """

    run: int
    as_of: datetime
    format: str
    wire: str
    applied_until: Applied
    tables: Mapping[str, TableRecord] = field(default_factory=dict)
    marts: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The record's object key."""
        return f"{PREFIX}{self.run:012d}.json"

    @property
    def slices(self) -> dict[str, int]:
        """Of the marts that the run computed by slices, from how many rows each."""
        read = {mart: self.tables[f"gold.{mart}"].read for mart in self.marts}
        return {mart: rows for mart, rows in read.items() if rows is not None}

    def to_json(self) -> bytes:
        """The object's body."""
        body = {"version": VERSION} | asdict(self) | {"as_of": self.as_of.astimezone(UTC).isoformat()}
        return json.dumps(body, indent=1).encode()

    @classmethod
    def from_json(cls, body: bytes) -> "RunRecord":
        """The record in an object's body; StateTooNew if a newer version of this program wrote it, StateBroken if none did."""
        return state.read(body, "a run record", cls._from)

    @classmethod
    def _from(cls, found: dict[str, Any]) -> "RunRecord":
        if (version := _version(found)) > VERSION:
            raise StateTooNew(
                f"run record {found.get('run')} was written by a newer version (format {version}; this one knows {VERSION})",
                hint="use the newer version again: it alone knows what this lake's records mean",
            )
        return cls(
            run=found["run"],
            as_of=datetime.fromisoformat(found["as_of"]),
            format=found["format"],
            wire=found["wire"],
            applied_until=Applied(**found["applied_until"]),
            tables={name: _table(entry) for name, entry in found["tables"].items()},
            marts=tuple(found.get("marts", ())),
        )


def _table(entry: Mapping[str, Any]) -> TableRecord:
    known = {name: value for name, value in entry.items() if name in TableRecord.__dataclass_fields__}
    columns = known.get("columns")
    return TableRecord(**known | {"columns": None if columns is None else tuple(columns)})


def _version(found: Mapping[str, Any]) -> int:
    return int(found.get("version", 1))


def _read(storage: Storage, bucket: str, key: str) -> RunRecord:
    return RunRecord.from_json(storage.get(bucket, key))


def every(storage: Storage, naming: Naming) -> list[RunRecord]:
    """All run records, oldest first."""
    bucket = naming.bucket("silver")
    return [_read(storage, bucket, key) for key in storage.keys(bucket, PREFIX)]


def latest(storage: Storage, naming: Naming) -> RunRecord | None:
    """The newest run record; None before the first run."""
    bucket = naming.bucket("silver")
    keys = list(storage.keys(bucket, PREFIX))
    return _read(storage, bucket, keys[-1]) if keys else None


def newest_version(storage: Storage, naming: Naming) -> int | None:
    """The format of the newest record; None before the first run. StateTooNew if it cannot be read."""
    bucket = naming.bucket("silver")
    keys = list(storage.keys(bucket, PREFIX))
    if not keys:
        return None
    body = storage.get(bucket, keys[-1])
    RunRecord.from_json(body)
    return _version(json.loads(body))


def numbered(storage: Storage, bucket: str, run: int) -> RunRecord:
    """The record of a finished run; ObjectMissing if there is none."""
    return _read(storage, bucket, f"{PREFIX}{run:012d}.json")


def at(storage: Storage, naming: Naming, as_of: datetime) -> RunRecord:
    """The newest record whose data is not later than that business time; NoSuchTime says what there is."""
    bucket = naming.bucket("silver")
    keys = list(storage.keys(bucket, PREFIX))
    # as_of never falls from one run to the next, so a few reads find it.
    index = bisect.bisect_right(keys, as_of, key=lambda key: _read(storage, bucket, key).as_of)
    if index == 0:
        first = f"the first is {_read(storage, bucket, keys[0]).as_of.isoformat()}" if keys else "there is no run yet"
        raise NoSuchTime(
            f"no run had taken in data as of {as_of.isoformat()}; {first}",
            hint="lakehouse history TABLE lists the points that can be asked for",
        )
    found = _read(storage, bucket, keys[index - 1])
    oldest = kept.read(storage, bucket)
    if oldest and found.run < oldest.run:
        raise NoSuchTime(
            f"the lake as of {as_of.isoformat()} is no longer kept; the oldest that is, is {oldest.as_of.isoformat()}",
            hint="lakehouse history TABLE says which points are kept; what a row once was is in silver.<entity>_version",
        )
    return found
