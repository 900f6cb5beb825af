"""How far back a lake can be read: the oldest run whose files are all still there.

``_lakehouse/kept.json`` in the silver bucket names it. It is written before anything is deleted, so a reader is never
promised what is gone.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from lakehouse_core.errors import ObjectMissing
from lakehouse_core.ports import Storage
from lakehouse_local import state

KEY = "_lakehouse/kept.json"


@dataclass(frozen=True)
class Kept:
    """The oldest run whose tables can still be read, and its ``as_of``."""

    run: int
    as_of: datetime


def write(storage: Storage, bucket: str, kept: Kept) -> None:
    """Say from now on that nothing before it can be read."""
    body = asdict(kept) | {"as_of": kept.as_of.astimezone(UTC).isoformat()}
    storage.put(bucket, KEY, json.dumps(body).encode())


def read(storage: Storage, bucket: str) -> Kept | None:
    """The oldest run that can be read; None if nothing was ever deleted."""
    try:
        body = storage.get(bucket, KEY)
    except ObjectMissing:
        return None
    return state.read(
        body, f"s3://{bucket}/{KEY}", lambda found: Kept(found["run"], datetime.fromisoformat(found["as_of"]))
    )
