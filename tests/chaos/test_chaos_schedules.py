"""Random histories: an application writes, the capture is killed, its S3 fails, its files are cut anew each time."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from chaos.application import Application, application
from chaos.capturing import End, Life, Subject, ended
from chaos.points import POINTS, Hits, Trap
from chaos.share import share_of

from lakehouse_core.ports import Storage
from lakehouse_local.capture.debezium import DebeziumSettings, DebeziumWire
from lakehouse_local.capture.dms import DmsWire
from lakehouse_local.capture.settings import S3Settings
from lakehouse_local.capture.wire import Wire
from lakehouse_local.providers.errors import S3Refused, S3Unreachable

pytestmark = pytest.mark.slow

LONGEST_SECONDS = 60.0
PAUSE_SECONDS = 0.005


@dataclass
class Unreliable:
    """An S3 that now and then fails, before it has stored something or after."""

    inner: Storage
    dice: random.Random
    chance: float

    def _maybe(self) -> None:
        if self.dice.random() < self.chance:
            raise self.dice.choice((S3Unreachable, S3Refused))("chaos")

    def get(self, bucket: str, key: str) -> bytes:
        """Read, or fail."""
        self._maybe()
        return self.inner.get(bucket, key)

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Store, or fail before or after it."""
        self._maybe()
        self.inner.put(bucket, key, body)
        self._maybe()

    def put_if_absent(self, bucket: str, key: str, body: bytes) -> bool:
        """Store if absent, or fail before or after it."""
        self._maybe()
        stored = self.inner.put_if_absent(bucket, key, body)
        self._maybe()
        return stored

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """List, or fail."""
        self._maybe()
        return self.inner.keys(bucket, prefix)

    def delete(self, bucket: str, key: str) -> None:
        """Remove, or fail."""
        self._maybe()
        self.inner.delete(bucket, key)


def _wires(dice: random.Random) -> Wire:
    """A wire whose files and manifests are cut at another place in each life, as one lake allows it."""
    kilobytes = dice.choice((1, 1, 3, 10, 32_000))
    match dice.getrandbits(2):
        case 0:
            return DebeziumWire(DebeziumSettings(batch_bytes=kilobytes * 1000))
        case 1:
            return DmsWire(S3Settings(PreserveTransactions=False, AddColumnName=True, CdcMinFileSize=kilobytes))
    return DmsWire(S3Settings(CdcMinFileSize=kilobytes))


def _life(dice: random.Random, name: str) -> Life:
    wire = _wires(dice)
    while wire.name != name:
        wire = _wires(dice)
    seed, chance = dice.random(), dice.choice((0.0, 0.0, 0.05))

    def faults(storage: Storage) -> Storage:
        return Unreliable(storage, random.Random(seed), chance) if chance else storage  # noqa: S311

    if dice.random() < 0.8:
        return Life(wire, (Trap(dice.choice(POINTS), Hits(), dice.choice((1, 1, 2, 3, 7, 20))),), faults)
    return Life(wire, faults=faults)


def _through(subject: Subject, life: Life, app: Application, *, busy: bool) -> End:
    """A life from its beginning to its end, while the application may go on."""
    pid = subject.start(life)
    deadline = time.monotonic() + LONGEST_SECONDS
    while (end := ended(pid, wait=not busy)) is None:
        assert time.monotonic() < deadline, "the capture hangs"
        app.step()
        time.sleep(PAUSE_SECONDS)
    app.settle()
    return end


@pytest.mark.parametrize("seed", share_of(1000))
def test_a_schedule_of_kills(subject: Subject, seed: int) -> None:
    """Up to five lives that end as they may, then one in peace: nothing is lost, nothing doubled."""
    dice = random.Random(seed)  # noqa: S311
    name = _wires(dice).name
    with application(subject.source.owner_dsn, seed) as app:
        app.run(dice.randrange(60))
        for _ in range(dice.randint(1, 5)):
            end = _through(subject, _life(dice, name), app, busy=dice.random() < 0.7)
            if end is End.DONE and dice.random() < 0.3:
                _peace(subject, dice, name, app)
            app.run(dice.randrange(40))
        _peace(subject, dice, name, app)


def _peace(subject: Subject, dice: random.Random, name: str, app: Application) -> None:
    """A life that nothing disturbs, and the proof."""
    wire = _life(dice, name).wire
    assert _through(subject, Life(wire), app, busy=False) is End.DONE
    subject.assert_nothing_lost(app.writers[0].database)
