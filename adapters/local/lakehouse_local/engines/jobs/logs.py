"""A run's output: into a bounded file, and on to CloudWatch Logs while the run goes on."""

import os
import select
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

LIMIT_BYTES = 64 << 20
"""What is kept of a stream; a script that prints without end is drained, not obeyed."""
_LINE_BYTES = 200_000
_BATCH_BYTES = 500_000
_BATCH_LINES = 5_000
_EVERY_SECONDS = 1.0

Ship = Callable[[Sequence[tuple[int, str]]], None]
"""Takes (epoch milliseconds, line) pairs, in order."""


class Pump(threading.Thread):
    """Reads one stream of a process until its end."""

    def __init__(self, stream: IO[bytes], file: Path, ship: Ship) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._file = file
        self._ship = ship
        self._kept = 0
        self._rest = b""
        self._waiting: list[tuple[int, str]] = []
        self._bytes = 0
        self._shipped = time.monotonic()
        self._closing = threading.Event()

    def run(self) -> None:
        """Read until the end, or until :meth:`close` finds nothing more."""
        descriptor = self._stream.fileno()
        with self._file.open("ab") as kept:
            while True:
                ready, _, _ = select.select([descriptor], [], [], 0.2)
                if not ready:
                    self._flush_if_due()
                    if self._closing.is_set():
                        break
                    continue
                data = os.read(descriptor, 1 << 16)
                if not data:
                    break
                self._take(data, kept)
            if self._rest:
                self._line(self._rest, kept)
        self._flush()

    def close(self, seconds: float) -> None:
        """Read what is there and end, also if a stray process still holds the other end."""
        self._closing.set()
        self.join(seconds)

    def _take(self, data: bytes, kept: IO[bytes]) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line, kept)
        if len(self._rest) > _LINE_BYTES:
            self._line(self._rest, kept)
            self._rest = b""
        self._flush_if_due()

    def _line(self, line: bytes, kept: IO[bytes]) -> None:
        if self._kept >= LIMIT_BYTES:
            return
        self._kept += len(line) + 1
        if self._kept >= LIMIT_BYTES:
            line = b"[the output went on; nothing beyond %d MiB is kept]" % (LIMIT_BYTES >> 20)
        kept.write(line + b"\n")
        text = line[:_LINE_BYTES].decode(errors="replace").rstrip("\r")
        if text:
            self._waiting.append((time.time_ns() // 1_000_000, text))
            self._bytes += len(line) + 26

    def _flush_if_due(self) -> None:
        full = self._bytes >= _BATCH_BYTES or len(self._waiting) >= _BATCH_LINES
        if full or time.monotonic() - self._shipped >= _EVERY_SECONDS:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._ship(self._waiting)
        self._waiting, self._bytes, self._shipped = [], 0, time.monotonic()
