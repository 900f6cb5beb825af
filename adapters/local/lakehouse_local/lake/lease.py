"""One writer at a time: a lease in the lake itself, with an epoch that fences whoever lost it.

Each holder creates ``_lakehouse/leases/<epoch>.json`` with If-None-Match; the newest epoch is the holder. A holder
that is alive keeps its lease fresh; one that is released, expired, or known dead on this machine may be followed.
"""

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import psutil

from lakehouse_core.errors import LakehouseError
from lakehouse_core.ports import Storage
from lakehouse_local.errors import LeaseHeld, LeaseLost

PREFIX = "_lakehouse/leases/"
LIFETIME_SECONDS = 60.0


@dataclass(frozen=True)
class Lease:
    """Who writes: ``epoch`` rises by one with every holder; ``expires`` is in epoch seconds."""

    epoch: int
    host: str
    pid: int
    started: float
    expires: float
    released: bool = False

    @property
    def key(self) -> str:
        """The lease's object key."""
        return f"{PREFIX}{self.epoch:012d}.json"

    def to_json(self) -> bytes:
        """The object's body."""
        return json.dumps(self.__dict__).encode()

    def may_be_followed(self, now: float, host: str) -> bool:
        """Whether another writer may take the next epoch."""
        if self.released or self.expires < now:
            return True
        return self.host == host and not _is_alive(self.pid, self.started)


def _is_alive(pid: int, started: float) -> bool:
    try:
        return abs(psutil.Process(pid).create_time() - started) < 1
    except psutil.NoSuchProcess:
        return False


def _newest(storage: Storage, bucket: str) -> Lease | None:
    keys = list(storage.keys(bucket, PREFIX))
    if not keys:
        return None
    body: dict[str, Any] = json.loads(storage.get(bucket, keys[-1]))
    return Lease(**body)


@contextmanager
def hold(storage: Storage, bucket: str, now: Callable[[], float] = time.time) -> Iterator[Callable[[], None]]:
    """Hold the lease for the block; yields a check that raises LeaseLost once another writer has followed."""
    host, pid = socket.gethostname(), os.getpid()
    newest = _newest(storage, bucket)
    if newest is not None and not newest.may_be_followed(now(), host):
        raise LeaseHeld(
            f"process {newest.pid} on {newest.host} is writing to this lake",
            hint=f"wait for it, or end it; its lease expires {LIFETIME_SECONDS:.0f} s after its last sign of life",
        )
    lease = Lease(
        epoch=newest.epoch + 1 if newest else 1,
        host=host,
        pid=pid,
        started=psutil.Process(pid).create_time(),
        expires=now() + LIFETIME_SECONDS,
    )
    if not storage.put_if_absent(bucket, lease.key, lease.to_json()):
        raise LeaseHeld("another process began to write to this lake just now", hint="run the command again")
    if newest is not None:
        storage.delete(bucket, newest.key)

    def still_ours() -> None:
        found = _newest(storage, bucket)
        if found is None or found.epoch != lease.epoch:
            raise LeaseLost(
                "another writer has taken the lake over; nothing more is written by this one",
                hint="see which other lakehouse process is running, then run again",
            )

    stop = threading.Event()

    def keep_fresh() -> None:
        while not stop.wait(LIFETIME_SECONDS / 4):
            fresh = replace(lease, expires=now() + LIFETIME_SECONDS)
            # A refresh that fails is tried again; if S3 stays away, the work itself says so.
            with suppress(LakehouseError):
                storage.put(bucket, lease.key, fresh.to_json())

    keeper = threading.Thread(target=keep_fresh, name="lease", daemon=True)
    keeper.start()
    try:
        yield still_ours
    finally:
        stop.set()
        keeper.join()
        storage.put(bucket, lease.key, replace(lease, released=True).to_json())
