"""Where tasks' threads leave what they have to tell: lines for CloudWatch Logs, and events."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, Queue
from typing import TypeVar

from lakehouse_local.services.dms.events import Events

Ship = Callable[[str, str, Sequence[tuple[int, str]]], None]
"""Takes a log group, a log stream, and (epoch milliseconds, line) pairs in order."""

_EVERY_SECONDS = 0.5
_log = logging.getLogger(__name__)
Line = tuple[str, str, int, str]
Event = tuple[str, str, str]
_Item = TypeVar("_Item")


class Outbox(threading.Thread):
    """Sends them on, so that no task waits for the network."""

    def __init__(self, ship: Ship, events: Events) -> None:
        super().__init__(daemon=True, name="dms outbox")
        self._ship = ship
        self._events = events
        self._lines: Queue[Line] = Queue()
        self._told: Queue[Event] = Queue()
        self._closing = threading.Event()

    def line(self, group: str, stream: str, text: str) -> None:
        """A line for a log stream."""
        self._lines.put((group, stream, time.time_ns() // 1_000_000, text))

    def event(self, task: str, category: str, message: str) -> None:
        """An event of a task."""
        self._told.put((task, category, message))

    def run(self) -> None:
        """Send until closed."""
        while not self._closing.wait(_EVERY_SECONDS):
            self._send()
        self._send()

    def close(self) -> None:
        """Send what is left and end."""
        self._closing.set()
        self.join(10)

    def _send(self) -> None:
        for task, category, message in _drained(self._told):
            self._events.tell("replication-task", task, category, message)
        streams: dict[tuple[str, str], list[tuple[int, str]]] = {}
        for group, stream, at, text in _drained(self._lines):
            streams.setdefault((group, stream), []).append((at, text))
        for (group, stream), lines in streams.items():
            try:
                self._ship(group, stream, lines)
            except Exception as problem:  # noqa: BLE001 - a log that cannot be shipped must not end the others
                _log.warning("%d lines of %s could not be shipped: %s", len(lines), stream, problem)


def _drained(queue: "Queue[_Item]") -> list[_Item]:
    found: list[_Item] = []
    while True:
        try:
            found.append(queue.get_nowait())
        except Empty:
            return found
