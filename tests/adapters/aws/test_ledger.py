"""What jobs keep in S3 beside the tables: records, intents and leases, on moto."""

from datetime import UTC, datetime

import pytest

from lakehouse_aws import lease, ledger
from lakehouse_aws.bronze import Part
from lakehouse_aws.errors import WriterHeld, WriterLost
from lakehouse_aws.ledger import TableRun
from lakehouse_aws.storage import Listed, S3Storage
from lakehouse_core.contracts import Naming
from lakehouse_local.environment import S3Part
from lakehouse_local.providers.s3_client import client

BUCKET = Naming().bucket("silver")
NOON = datetime(2026, 1, 15, 12, 0, 0, 123_456, tzinfo=UTC)
RECORD = TableRun(1, 1, ("a 1", "b 2"), "20260115", "hudi", NOON, None, 3, 2, 1, 0, 0)


@pytest.fixture
def storage(s3: S3Part) -> S3Storage:
    """An empty silver bucket."""
    return S3Storage(client(s3))


def test_records(storage: S3Storage) -> None:
    """A record comes back as it was, is written once, and the newest one is the latest."""
    assert ledger.latest(storage, BUCKET, "product") is None
    assert ledger.write(storage, BUCKET, "product", RECORD)
    assert not ledger.write(storage, BUCKET, "product", RECORD)
    assert ledger.latest(storage, BUCKET, "product") == RECORD
    assert ledger.latest(storage, BUCKET, "order") is None


def test_intents(storage: S3Storage) -> None:
    """What a run was begun with stays what it takes in, whatever is new since."""
    first = Part(1, is_load=True, files=(Listed("a", "1", 10, NOON),))
    assert ledger.begun(storage, BUCKET, "product", 1) is None
    assert ledger.settled(storage, BUCKET, "product", 1, first) == first
    later = Part(2, is_load=False, files=(Listed("b", "2", 10, NOON),))
    assert ledger.settled(storage, BUCKET, "product", 1, later) == first
    assert ledger.begun(storage, BUCKET, "product", 1) == first


def test_a_lease(storage: S3Storage) -> None:
    """One holder at a time; a released lease and one whose holder is silent are followed, and the follower is told apart."""
    now = [1000.0]
    place = (storage, BUCKET, ledger.folder("product"))
    with lease.hold(*place, "jr_1", lambda: now[0]) as first:
        first()
        with pytest.raises(WriterHeld, match="run jr_1 is writing"), lease.hold(*place, "jr_2", lambda: now[0]):
            pass
        now[0] += lease.LIFETIME_SECONDS + 1
        with lease.hold(*place, "jr_2", lambda: now[0]) as second:
            second()
            with pytest.raises(WriterLost, match="taken"):
                first()
    with lease.hold(*place, "jr_3", lambda: now[0]) as third:
        third()
    with lease.hold(storage, BUCKET, ledger.folder("order"), "jr_4", lambda: now[0]) as other:
        other()
