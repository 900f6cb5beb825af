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

import psutil

from lakehouse_core.errors import LakehouseError, ObjectMissing
from lakehouse_core.ports import Storage
from lakehouse_local import state
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
    while keys := _keys(storage, bucket):
        # One that is gone when it is read had a follower, who removed it: there is a newer one.
        with suppress(ObjectMissing):
            body = storage.get(bucket, keys[-1])
            return state.read(
                body, f"s3://{bucket}/{keys[-1]}", lambda found: Lease(**found), hint="remove it if nobody writes"
            )
    return None


def _keys(storage: Storage, bucket: str) -> list[str]:
    return list(storage.keys(bucket, PREFIX))


def _begun() -> LeaseHeld:
    return LeaseHeld("another process began to write to this lake just now", hint="run the command again")


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
        raise _begun()
    if _keys(storage, bucket)[-1] != lease.key:
        # The key was free because a whole lease has come and gone since we looked.
        storage.delete(bucket, lease.key)
        raise _begun()
    if newest is not None:
        storage.delete(bucket, newest.key)

    def still_ours() -> None:
        if _keys(storage, bucket)[-1:] != [lease.key]:
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
