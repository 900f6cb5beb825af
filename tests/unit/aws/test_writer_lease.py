"""A table's lease where two others come and go between this run's look and its write."""

import json

import pytest
from memory import MemoryStorage

from lakehouse_aws import lease
from lakehouse_aws.errors import WriterHeld

FOLDER = "order"
HELD = {"holder": "jr_7", "expires": 1_000.0}


def _key(epoch: int) -> str:
    return f"{FOLDER}/leases/{epoch:012d}.json"


def _put(storage: MemoryStorage, epoch: int, *, released: bool) -> None:
    storage.put("silver", _key(epoch), json.dumps(HELD | {"epoch": epoch, "released": released}).encode())


class Late(MemoryStorage):
    """Before its first write, leases 8 and 9 have been taken, and 8 has been removed by 9's holder."""

    def put_if_absent(self, bucket: str, key: str, body: bytes) -> bool:
        """Store the object if the key is free, which it is again by now."""
        self.delete(bucket, _key(7))
        _put(self, 9, released=False)
        return super().put_if_absent(bucket, key, body)


def test_a_key_that_is_free_again_is_no_lease() -> None:
    """Whoever writes the key of a lease that has come and gone has not got the table."""
    storage = Late()
    _put(storage, 7, released=True)
    with pytest.raises(WriterHeld, match="just now"), lease.hold(storage, "silver", FOLDER, "jr_8", lambda: 999.0):
        pass
    assert list(storage.keys("silver", FOLDER)) == [_key(9)]


def test_a_lease_that_is_gone_when_it_is_read_has_a_follower() -> None:
    """Who has just listed it looks again."""

    class Followed(MemoryStorage):
        def get(self, bucket: str, key: str) -> bytes:
            """The object's bytes; lease 7 has just been removed."""
            if self.objects.pop((bucket, _key(7)), None):
                _put(self, 8, released=False)
            return super().get(bucket, key)

    storage = Followed()
    _put(storage, 7, released=True)
    with (
        pytest.raises(WriterHeld, match="jr_7 is writing"),
        lease.hold(storage, "silver", FOLDER, "jr_9", lambda: 999.0),
    ):
        pass
