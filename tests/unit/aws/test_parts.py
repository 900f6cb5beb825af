"""What of a listing is new, and in which order and epoch it is taken in."""

from datetime import UTC, datetime, timedelta

import pytest

from lakehouse_aws.bronze import Files, Part, identity, parts
from lakehouse_aws.storage import Listed

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


def listed(key: str, minute: int, etag: str = "a") -> Listed:
    """An object that was written that many minutes after noon."""
    return Listed(key, etag, 10, NOON + timedelta(minutes=minute))


LOAD = listed("LOAD1", 0)
SECOND = listed("LOAD2", 1)
EARLY = listed("cdc/1", 2)
LATER = listed("cdc/2", 7)
AGAIN = listed("LOAD1", 5, "b")

CASES = [
    # title, files, taken, epoch, parts
    ("nothing is there", Files((), ()), (), 0, ()),
    (
        "the first load, then its changes",
        Files((LOAD, SECOND), (EARLY,)),
        (),
        0,
        (Part(1, is_load=True, files=(LOAD, SECOND)), Part(1, is_load=False, files=(EARLY,))),
    ),
    ("an empty table is never loaded", Files((), (EARLY,)), (), 0, (Part(1, is_load=False, files=(EARLY,)),)),
    ("nothing is new", Files((LOAD,), (EARLY,)), (LOAD, EARLY), 1, ()),
    ("changes are new", Files((LOAD,), (EARLY, LATER)), (LOAD, EARLY), 1, (Part(1, is_load=False, files=(LATER,)),)),
    (
        "the load has other bytes: what came before it still belongs to the epoch before",
        Files((AGAIN,), (EARLY, LATER)),
        (LOAD,),
        1,
        (
            Part(1, is_load=False, files=(EARLY,)),
            Part(2, is_load=True, files=(AGAIN,)),
            Part(2, is_load=False, files=(LATER,)),
        ),
    ),
    (
        "a load of which a part came later is taken in whole again",
        Files((LOAD, SECOND), ()),
        (LOAD,),
        1,
        (Part(2, is_load=True, files=(LOAD, SECOND)),),
    ),
    ("the load is gone from bronze: nothing happens", Files((), (EARLY,)), (LOAD, EARLY), 1, ()),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_parts(case: tuple[str, Files, tuple[Listed, ...], int, tuple[Part, ...]]) -> None:
    """New changes, a new load and what surrounds it, in order."""
    _, files, taken, epoch, expected = case
    assert parts(files, map(identity, taken), epoch) == expected
