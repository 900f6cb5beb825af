"""PostgreSQL dies under the capture, without a word, and recovers by itself; so does the capture."""

import os
import random
import signal
import time

import psycopg2
import pytest
import tenacity
from chaos.application import Application, application
from chaos.capturing import End, Life, Subject, ended
from chaos.share import share_of

from lakehouse_local.capture.dms import DmsWire
from lakehouse_local.capture.settings import S3Settings

pytestmark = pytest.mark.slow

CRASHES = 4


def _crash(dsn: str) -> None:
    """Kill a backend: the server then kills all others, and replays its log; until it answers again."""
    database = psycopg2.connect(dsn)
    os.kill(database.info.backend_pid, signal.SIGKILL)
    with pytest.raises(psycopg2.OperationalError), database.cursor() as at:
        at.execute("SELECT 1")
    database.close()
    tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(psycopg2.OperationalError),
        stop=tenacity.stop_after_delay(30),
        wait=tenacity.wait_fixed(0.05),
    )(lambda: psycopg2.connect(dsn).close())


@pytest.mark.parametrize("seed", share_of(100 // CRASHES))
def test_crashes_of_postgresql(subject: Subject, seed: int) -> None:
    """Four crashes while transactions are open and files are half written: what had committed is in bronze once."""
    dice = random.Random(seed)  # noqa: S311
    dsn = subject.source.owner_dsn
    with application(dsn, seed) as app:
        app.run(30)
        for _ in range(CRASHES):
            wire = DmsWire(S3Settings(CdcMinFileSize=dice.choice((1, 3, 32_000))))
            pid = subject.start(Life(wire))
            _write_for(app, dice.uniform(0, 0.8))
            _crash(dsn)
            app.reconnect(dsn)
            app.run(20)
            assert ended(pid) in (End.DONE, End.NAMED)
        assert ended(subject.start(Life(DmsWire()))) is End.DONE
        subject.assert_nothing_lost(app.writers[0].database)


def _write_for(app: Application, seconds: float) -> None:
    """Steps until the time is over; what is open then stays so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        app.step()
        time.sleep(0.005)
