"""The clock's thread: starts scheduled crawlers, triggers and workflows at their times."""

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from lakehouse_local.engines.schedule import cron

_LOG = logging.getLogger(__name__)
_LONGEST = timedelta(seconds=15)
"""Schedules that are made meanwhile fire minutes later at the earliest, so this is soon enough to see them."""

Scheduled = Callable[[], Iterable[tuple[str, Callable[[], None]]]]
"""The cron expressions that count now, and what to start at their times."""


def due(
    scheduled: Iterable[tuple[str, Callable[[], None]]], since: datetime, until: datetime
) -> list[Callable[[], None]]:
    """What to start: everything with a time behind ``since`` and not behind ``until``."""
    found = []
    for expression, start in scheduled:
        at = cron.parse(expression).after(since)
        if at is not None and at <= until:
            found.append(start)
    return found


class Clock(threading.Thread):
    """Looks at the schedules until it is closed. Times that pass while the endpoint is down are not made up for."""

    def __init__(self, scheduled: Scheduled, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__(name="schedules", daemon=True)
        self._scheduled = scheduled
        self._now = now
        self._closing = threading.Event()

    def run(self) -> None:
        """Start what is due, again and again."""
        since = self._now()
        while not self._closing.wait(self._pause()):
            until = self._now()
            for start in due(self._scheduled(), since, until):
                try:
                    start()
                except Exception:  # noqa: BLE001 - the other schedules go on
                    _LOG.exception("a scheduled start failed")
            since = until

    def close(self) -> None:
        """End the thread."""
        self._closing.set()
        if self.is_alive():
            self.join(5)

    def _pause(self) -> float:
        """Seconds to the next full minute, at most ``_LONGEST``: cron knows no finer time."""
        now = self._now()
        to_minute = timedelta(minutes=1) - timedelta(seconds=now.second, microseconds=now.microsecond)
        return min(to_minute, _LONGEST).total_seconds()
