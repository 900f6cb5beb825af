"""Two writers whose clocks differ (a whole lake under a wrong clock: tests/e2e/test_clock_skew.py)."""

import json

import pytest
from memory import MemoryStorage

from lakehouse_local.errors import LeaseHeld, LeaseLost
from lakehouse_local.lake import lease

BUCKET, NOON = "silver", 1_800_000_000.0


def of_another_machine(storage: MemoryStorage) -> None:
    """The newest lease seems to be held elsewhere: only its expiry says whether the holder lives."""
    (key,) = storage.keys(BUCKET, lease.PREFIX)
    storage.put(BUCKET, key, json.dumps(json.loads(storage.get(BUCKET, key)) | {"host": "elsewhere"}).encode())


@pytest.mark.parametrize("skew", [-59, -30, 0, 30, 59, 3_600])
def test_a_clock_that_differs_by_less_than_a_lease_lets_nobody_in(skew: int) -> None:
    """The other writer's clock is so many seconds behind ours: while we live, it is refused."""
    storage = MemoryStorage()
    with lease.hold(storage, BUCKET, now=lambda: NOON) as still_ours:
        of_another_machine(storage)
        with pytest.raises(LeaseHeld), lease.hold(storage, BUCKET, now=lambda: NOON - skew):
            pytest.fail("two hold the lake")
        still_ours()


@pytest.mark.parametrize("skew", [61, 3_600, 10**8])
def test_a_clock_that_is_ahead_by_more_takes_the_lake_and_the_first_stops(skew: int) -> None:
    """The limit that docs/proof.md names: both have begun, but the first writes no record any more."""
    storage = MemoryStorage()
    with lease.hold(storage, BUCKET, now=lambda: NOON) as still_ours:
        of_another_machine(storage)
        with lease.hold(storage, BUCKET, now=lambda: NOON + skew) as theirs:
            with pytest.raises(LeaseLost):
                still_ours()
            theirs()
