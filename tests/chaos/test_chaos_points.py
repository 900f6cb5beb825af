"""Each place where the capture can be killed, reached and survived: at its first passing, its second and its last."""

from collections.abc import Mapping

import pytest
from chaos.application import Application, application
from chaos.capturing import End, Life, Subject, ended
from chaos.points import POINTS, Hits, Point, Trap
from chaos.share import SHARE
from s3_buckets import empty_buckets

from lakehouse_local.capture.dms import DmsWire
from lakehouse_local.capture.settings import S3Settings
from lakehouse_local.environment import PostgresPart, S3Part

pytestmark = pytest.mark.slow

MOST_LIVES = 10
LONG_TRANSACTION = 30_000
WHICH = ("first", "second", "last")
# A small file limit: each life then has several files and several manifests.
WIRE = DmsWire(S3Settings(CdcMinFileSize=2, MaxFileSize=1))


def _nothing(_: Application) -> None:
    """The first life meets the load alone."""


def _changes(app: Application) -> None:
    app.run(60)
    app.writers[0].empty()


def _much(app: Application) -> None:
    app.run(20)
    app.writers[1].many(LONG_TRANSACTION)


def _history(subject: Subject, *traps: Trap) -> int:
    """A load, changes, a truncate and a long transaction, in three lives or more; how many lives were killed."""
    killed = 0
    with application(subject.source.owner_dsn, seed=42) as app:
        app.run(40)
        for happens in (_nothing, _changes, _much):
            happens(app)
            while (end := ended(subject.start(Life(WIRE, traps)))) is not End.DONE:
                assert end is End.KILLED
                killed += 1
                assert killed < MOST_LIVES
        subject.assert_nothing_lost(app.writers[0].database)
    return killed


@pytest.fixture(scope="module")
def passings(module_postgres: PostgresPart, s3_server: S3Part) -> Mapping[str, int]:
    """How often each point is passed where nobody is killed."""
    empty_buckets(s3_server)
    subject = Subject.of(module_postgres, s3_server)
    traps = [Trap(point, Hits()) for point in POINTS]
    assert not _history(subject, *traps)
    return {trap.point.name: trap.hits.count for trap in traps}


@pytest.mark.parametrize("which", WHICH if SHARE >= 1 else WHICH[-1:])
@pytest.mark.parametrize("point", POINTS, ids=[point.name for point in POINTS])
def test_a_kill_at_a_point(subject: Subject, s3: S3Part, passings: Mapping[str, int], point: Point, which: str) -> None:
    """The point is reached, the capture dies there, and what comes after makes good for it."""
    count = passings[point.name]
    assert count, "nothing passes here: the point tests nothing"
    # The last passing may come one earlier this time (a marker more or less): the one before it will do.
    for kill_at in range({"first": 1, "second": min(2, count), "last": count}[which], 0, -1):
        empty_buckets(s3)
        if _history(subject, Trap(point, Hits(), kill_at)):
            return
    pytest.fail(f"{point.name} was passed {count} times in the rehearsal and never afterwards")
