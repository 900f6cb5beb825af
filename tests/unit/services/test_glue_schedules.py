"""Schedules by a clock of the test's own."""

import threading
from datetime import UTC, datetime, timedelta

from lakehouse_local.services.glue.schedules import Clock, due

NOON = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)


def test_each_time_is_due_once() -> None:
    """Looked at by whatever steps, an hour's schedule fires once an hour: the time itself counts as past."""
    fired: list[str] = []
    scheduled = [
        ("cron(0 * * * ? *)", lambda: fired.append("hourly")),
        ("cron(0/15 * * * ? *)", lambda: fired.append("quarterly")),
    ]
    for step in (timedelta(seconds=7), timedelta(minutes=1)):
        fired.clear()
        since = NOON
        while since < NOON + timedelta(hours=2):
            until = min(since + step, NOON + timedelta(hours=2))
            for start in due(scheduled, since, until):
                start()
            since = until
        assert (fired.count("hourly"), fired.count("quarterly")) == (2, 8)


def test_the_clock_goes_on_after_a_failure() -> None:
    """A start that fails does not keep the next one from starting, and the thread ends when it is told to."""
    fired = threading.Event()
    now = [NOON - timedelta(seconds=1)]

    def fails() -> None:
        raise ValueError("no")

    def time() -> datetime:
        now[0] += timedelta(seconds=0.9)
        return now[0]

    every = "cron(0 12 * * ? *)"
    clock = Clock(lambda: [(every, fails), (every, fired.set)], time)
    clock.start()
    assert fired.wait(20)
    clock.close()
    assert not clock.is_alive()
