"""One writer for each table: a lease in the lake, taken with If-None-Match, that ends by itself."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace

from lakehouse_aws.errors import WriterHeld, WriterLost
from lakehouse_core.errors import LakehouseError, ObjectMissing
from lakehouse_core.ports import Storage

LIFETIME_SECONDS = 120.0

Clock = Callable[[], float]
"""Epoch seconds."""


@dataclass(frozen=True)
class Lease:
    """Who writes a table: ``epoch`` rises by one with each holder, ``expires`` is in epoch seconds."""

    epoch: int
    holder: str
    expires: float
    released: bool = False


@contextmanager
def hold(storage: Storage, bucket: str, folder: str, holder: str, clock: Clock) -> Iterator[Callable[[], None]]:
    """Hold the table's lease for the block; yields a check that raises WriterLost once another run has followed.

    Raises:
        WriterHeld: another run holds it and was alive less than two minutes ago.
    """
    newest = _newest(storage, bucket, folder)
    if newest is not None and not newest.released and newest.expires > clock():
        raise WriterHeld(
            f"run {newest.holder} is writing to s3://{bucket}/{folder}",
            hint=f"wait for it; its lease ends {LIFETIME_SECONDS:.0f} s after its last sign of life",
        )
    mine = Lease(newest.epoch + 1 if newest else 1, holder, clock() + LIFETIME_SECONDS)
    key = _key(folder, mine.epoch)
    if not storage.put_if_absent(bucket, key, _body(mine)):
        raise _begun(bucket, folder)
    if _epochs(storage, bucket, folder)[-1] != mine.epoch:
        # The key was free because a whole lease has come and gone since we looked.
        storage.delete(bucket, key)
        raise _begun(bucket, folder)
    if newest is not None:
        storage.delete(bucket, _key(folder, newest.epoch))

    def still_ours() -> None:
        if _epochs(storage, bucket, folder)[-1:] != [mine.epoch]:
            raise WriterLost(
                f"another run has taken s3://{bucket}/{folder} over; this one writes no record",
                hint="see which run goes on; nothing of this one counts",
            )

    stop = threading.Event()

    def keep_fresh() -> None:
        while not stop.wait(LIFETIME_SECONDS / 4):
            # A refresh that fails is tried again; if S3 stays away, the work itself says so.
            with suppress(LakehouseError):
                storage.put(bucket, key, _body(replace(mine, expires=clock() + LIFETIME_SECONDS)))

    keeper = threading.Thread(target=keep_fresh, name="lease", daemon=True)
    keeper.start()
    try:
        yield still_ours
    finally:
        stop.set()
        keeper.join()
        # Unreleased it ends by itself; what went wrong in the block is what the run is about.
        with suppress(LakehouseError):
            storage.put(bucket, key, _body(replace(mine, released=True)))


def _begun(bucket: str, folder: str) -> WriterHeld:
    return WriterHeld(f"another run began to write to s3://{bucket}/{folder} just now", hint="run the job again")


def _newest(storage: Storage, bucket: str, folder: str) -> Lease | None:
    while epochs := _epochs(storage, bucket, folder):
        # One that is gone when it is read had a follower, who removed it: there is a newer one.
        with suppress(ObjectMissing):
            return Lease(**json.loads(storage.get(bucket, _key(folder, epochs[-1]))))
    return None


def _epochs(storage: Storage, bucket: str, folder: str) -> list[int]:
    prefix = f"{folder}/leases/"
    return [int(key.removeprefix(prefix).removesuffix(".json")) for key in storage.keys(bucket, prefix)]


def _key(folder: str, epoch: int) -> str:
    return f"{folder}/leases/{epoch:012d}.json"


def _body(lease: Lease) -> bytes:
    return json.dumps(asdict(lease)).encode()
