"""What a run is about to take in, written down before it begins, so that a retry repeats exactly that."""

import json
from dataclasses import asdict, dataclass

from lakehouse_core.errors import ObjectMissing
from lakehouse_core.ports import Storage
from lakehouse_local import state

PREFIX = "_lakehouse/intents/"


@dataclass(frozen=True)
class Intent:
    """Run number ``run`` takes in the manifests of one epoch from ``first`` to ``last``, both included."""

    run: int
    epoch: int
    first: int
    last: int

    @property
    def key(self) -> str:
        """The intent's object key."""
        return f"{PREFIX}{self.run:012d}.json"


def settle(storage: Storage, bucket: str, wanted: Intent) -> Intent:
    """Write the intent; if this run was begun before, the one that was written then."""
    if storage.put_if_absent(bucket, wanted.key, json.dumps(asdict(wanted)).encode()):
        return wanted
    return _read(storage, bucket, wanted.key)


def begun(storage: Storage, bucket: str, run: int) -> Intent | None:
    """The intent of that run, None if it was never begun."""
    try:
        return _read(storage, bucket, f"{PREFIX}{run:012d}.json")
    except ObjectMissing:
        return None


def _read(storage: Storage, bucket: str, key: str) -> Intent:
    return state.read(storage.get(bucket, key), f"s3://{bucket}/{key}", lambda found: Intent(**found))
