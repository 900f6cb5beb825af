"""The lease lets one writer in at a time and fences the one who lost it."""

import json
import os
import socket

import psutil
import pytest
from memory import MemoryStorage

from lakehouse_local.errors import LeaseHeld, LeaseLost
from lakehouse_local.lake import lease

BUCKET = "silver"


def held_by(storage: MemoryStorage, **changes: object) -> None:
    """Put a lease of epoch 7 there, held by this very process unless told otherwise."""
    holder = lease.Lease(7, socket.gethostname(), os.getpid(), psutil.Process().create_time(), expires=1_000.0)
    storage.put(BUCKET, holder.key, json.dumps(holder.__dict__ | changes).encode())


def test_a_second_writer_is_refused() -> None:
    """Whoever comes while a living process holds the lease gets a named error."""
    storage = MemoryStorage()
    held_by(storage)
    with pytest.raises(LeaseHeld, match="is writing to this lake"), lease.hold(storage, BUCKET, now=lambda: 999.0):
        pass


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("released", {"released": True}),
        ("its process is gone", {"pid": 2**22 + 1}),
        ("its process id was given to another process", {"started": 1.0}),
    ],
)
def test_a_lease_may_be_followed(why: str, changes: dict[str, object]) -> None:
    """A lease that is released, or whose holder is known dead, does not stop the next writer."""
    storage = MemoryStorage()
    held_by(storage, **changes)
    with lease.hold(storage, BUCKET, now=lambda: 999.0) as still_ours:
        still_ours()
    assert list(storage.keys(BUCKET, lease.PREFIX)) == ["_lakehouse/leases/000000000008.json"], why


def test_an_expired_lease_of_another_machine_may_be_followed() -> None:
    """Of another machine only the expiry is known."""
    storage = MemoryStorage()
    held_by(storage, host="elsewhere")
    with pytest.raises(LeaseHeld), lease.hold(storage, BUCKET, now=lambda: 999.0):
        pass
    with lease.hold(storage, BUCKET, now=lambda: 1_001.0) as still_ours:
        still_ours()


class Late(MemoryStorage):
    """A storage whose first write waits until two other writers have come and gone, or come."""

    def put_if_absent(self, bucket: str, key: str, body: bytes) -> bool:
        """Store the object if the key is free, which it is again by now."""
        if (BUCKET, "_lakehouse/leases/000000000007.json") in self.objects:
            held = self.objects.pop((BUCKET, "_lakehouse/leases/000000000007.json"))
            self.put(BUCKET, "_lakehouse/leases/000000000009.json", held)
        return super().put_if_absent(bucket, key, body)


def test_a_key_that_is_free_again_is_no_lease() -> None:
    """Between a look and a write a whole lease may come and go: whoever writes its key then has not got the lake."""
    storage = Late()
    held_by(storage, released=True)
    with pytest.raises(LeaseHeld, match="just now"), lease.hold(storage, BUCKET, now=lambda: 999.0):
        pass
    assert list(storage.keys(BUCKET, lease.PREFIX)) == ["_lakehouse/leases/000000000009.json"]


def test_a_lease_that_is_gone_when_it_is_read_has_a_follower() -> None:
    """The holder removes the lease before its own; who has just listed it looks again."""

    class Followed(MemoryStorage):
        def get(self, bucket: str, key: str) -> bytes:
            """The object's bytes; the first one read has been removed."""
            if key.endswith("7.json") and (bucket, key) in self.objects:
                self.put(bucket, key.replace("7.json", "8.json"), super().get(bucket, key))
                self.delete(bucket, key)
            return super().get(bucket, key)

    storage = Followed()
    held_by(storage)
    with pytest.raises(LeaseHeld, match="is writing"), lease.hold(storage, BUCKET, now=lambda: 999.0):
        pass


def test_who_lost_the_lease_learns_it() -> None:
    """After another writer followed, the check raises and nothing more is written."""
    storage = MemoryStorage()
    with lease.hold(storage, BUCKET, now=lambda: 999.0) as still_ours:
        held_by(storage)
        with pytest.raises(LeaseLost, match="taken the lake over"):
            still_ours()
