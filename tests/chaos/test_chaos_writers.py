"""Several writers want the lake at the same moment: one gets it, and the others are told who has it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from chaos.share import share_of

from lakehouse_core.contracts import Naming
from lakehouse_local.environment import S3Part
from lakehouse_local.errors import LeaseHeld
from lakehouse_local.lake import lease
from lakehouse_local.storage import S3Storage

pytestmark = pytest.mark.slow

WRITERS = 8
ROUNDS_PER_LAKE = 20


@pytest.mark.parametrize("lake", share_of(200 // ROUNDS_PER_LAKE))
def test_one_of_eight_writers_gets_the_lake(s3: S3Part, lake: int) -> None:  # noqa: ARG001
    """Twenty rounds in one lake, whose lease goes from hand to hand: its epoch rises by one each time."""
    storages = [S3Storage(s3) for _ in range(WRITERS)]
    bucket = Naming().bucket("silver")

    def attempt(storage: S3Storage, all_here: Barrier, all_tried: Barrier) -> bool:
        all_here.wait()
        try:
            with lease.hold(storage, bucket) as still_ours:
                all_tried.wait()
                still_ours()
                return True
        except LeaseHeld:
            all_tried.wait()
            return False

    with ThreadPoolExecutor(WRITERS) as pool:
        for epoch in range(1, ROUNDS_PER_LAKE + 1):
            all_here, all_tried = ([Barrier(WRITERS, timeout=30)] * WRITERS for _ in range(2))
            assert sum(pool.map(attempt, storages, all_here, all_tried)) == 1
            assert list(storages[0].keys(bucket, lease.PREFIX)) == [f"{lease.PREFIX}{epoch:012d}.json"]
