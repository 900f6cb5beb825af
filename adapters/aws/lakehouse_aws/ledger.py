"""What was taken in of a table, by run: one object a run, written last and only if it is not there yet.

``_lakehouse/tables/<entity>/runs/<12 digits>.json.gz`` in the silver bucket. The newest one says all: the files taken
in that are still in bronze (key and ETag), the table's commit and floor. A run without a record did not happen, and the
next run repeats exactly what it had meant to do (its intent).
"""

import gzip
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from lakehouse_aws.bronze import Part
from lakehouse_aws.errors import RecordTooNew
from lakehouse_aws.storage import Listed
from lakehouse_core.errors import ObjectMissing
from lakehouse_core.ports import Storage

VERSION = 1


@dataclass(frozen=True)
class TableRun:
    """One finished run of one table.

    ``files`` are identities (``bronze.identity``); ``as_of`` is the greatest business time taken in so far.
    """

    run: int
    epoch: int
    files: tuple[str, ...]
    commit: str
    table_format: str
    as_of: datetime | None
    floor: str | None
    rows_in: int
    upserts: int
    deletes: int
    quarantined: int
    superseded: int


def folder(entity: str) -> str:
    """Where a table's records, intents and leases are, below the silver bucket."""
    return f"_lakehouse/tables/{entity}"


def intent_key(entity: str, run: int) -> str:
    """Where a run writes down what it is about to take in."""
    return f"{folder(entity)}/intents/{run:012d}.json"


def latest(storage: Storage, bucket: str, entity: str) -> TableRun | None:
    """The newest record; None before the first run."""
    keys = list(storage.keys(bucket, f"{folder(entity)}/runs/"))
    if not keys:
        return None
    found: dict[str, Any] = json.loads(gzip.decompress(storage.get(bucket, keys[-1])))
    if (version := found.pop("version")) > VERSION:
        raise RecordTooNew(
            f"{keys[-1]} was written by a newer version (format {version}; this one knows {VERSION})",
            hint="deploy the newer wheel again: it alone knows what this table's records mean",
        )
    as_of = found["as_of"]
    return TableRun(
        **found | {"files": tuple(found["files"]), "as_of": datetime.fromisoformat(as_of) if as_of else None}
    )


def write(storage: Storage, bucket: str, entity: str, record: TableRun) -> bool:
    """Store the record; False if another run wrote it."""
    as_of = record.as_of.astimezone(UTC).isoformat() if record.as_of else None
    body = asdict(record) | {"version": VERSION, "as_of": as_of}
    key = f"{folder(entity)}/runs/{record.run:012d}.json.gz"
    return storage.put_if_absent(bucket, key, gzip.compress(json.dumps(body).encode(), mtime=0))


def settled(storage: Storage, bucket: str, entity: str, run: int, wanted: Part) -> Part:
    """Write down what the run is about to take in; if it was begun before, what was written then."""
    key = intent_key(entity, run)
    body = {
        "epoch": wanted.epoch,
        "is_load": wanted.is_load,
        "files": [{**asdict(found), "modified": found.modified.isoformat()} for found in wanted.files],
    }
    if storage.put_if_absent(bucket, key, json.dumps(body).encode()):
        return wanted
    return _read(storage, bucket, key)


def begun(storage: Storage, bucket: str, entity: str, run: int) -> Part | None:
    """What a run that left no record had meant to take in; None if it never began."""
    try:
        return _read(storage, bucket, intent_key(entity, run))
    except ObjectMissing:
        return None


def _read(storage: Storage, bucket: str, key: str) -> Part:
    body: dict[str, Any] = json.loads(storage.get(bucket, key))
    files = tuple(Listed(**found | {"modified": datetime.fromisoformat(found["modified"])}) for found in body["files"])
    return Part(body["epoch"], body["is_load"], files)
