"""A transaction on its way from PostgreSQL to files, in bounded memory."""

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lakehouse_local.capture.errors import SpoolFailed
from lakehouse_local.capture.pgoutput import Begin
from lakehouse_local.capture.wire import Shape

_SEGMENT_BYTES = 1 << 20
_MEMORY_BYTES = 16 << 20


@dataclass(frozen=True)
class Segment:
    """Whole changes that stand together: of one table, or of all (None); ``first`` and ``last`` number them."""

    shape: Shape | None
    rows: int
    first: int
    last: int
    size: int


class Transaction:
    """Changes of a transaction whose end has not come; beyond 16 MiB they wait in a temporary file.

    Their time is written when they are read back, because the message that tells it may come last.
    ``rows`` counts them, ``numbers`` and ``table_numbers`` say which numbers they have taken.
    """

    def __init__(self, begin: Begin) -> None:
        self.begin = begin
        self.clock: datetime | None = None
        self.end_lsn = 0
        self.rows = 0
        self.numbers = 0
        self.table_numbers: dict[str, int] = defaultdict(int)
        self.size = 0
        self.counts: dict[Shape, dict[str, int]] = {}
        self._open: dict[Shape | None, list[tuple[int, bytes]]] = defaultdict(list)
        self._open_bytes = 0
        self._spool = tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115 - closed by close()
        self._segments: list[Segment] = []

    @property
    def business_time(self) -> datetime:
        """What its clock message said, else its commit time."""
        return self.clock or self.begin.commit_time

    def add(self, shape: Shape, group: Shape | None, row: bytes, counted_as: str, numbers: int) -> None:
        """Take an encoded change, which takes that many numbers; ``group`` is the table if each has its own files.

        A change for which the wire has no bytes is counted and not written.
        """
        if row:
            self._open[group].append((self.numbers, row))
        self._open_bytes += len(row)
        self.rows += 1
        self.numbers += numbers
        self.table_numbers[shape.full_name] += numbers
        self.size += len(row)
        counts = self.counts.setdefault(shape, {})
        counts[counted_as] = counts.get(counted_as, 0) + 1
        if self._open_bytes >= _SEGMENT_BYTES:
            self._seal()

    def segments(self) -> Iterator[tuple[Segment, bytes]]:
        """The changes in order, their time still open."""
        self._seal()
        self._spool.seek(0)
        for segment in self._segments:
            yield segment, self._spool.read(segment.size)

    def _write(self, data: bytes) -> None:
        try:
            self._spool.write(data)
        except OSError as problem:
            raise SpoolFailed(
                f"a transaction of {self.rows:,} changes so far cannot be set aside in {tempfile.gettempdir()}: {problem}",
                hint="make room there, or set TMPDIR to another place; nothing of the transaction was acknowledged",
            ) from problem

    def close(self) -> None:
        """Forget the changes."""
        self._spool.close()

    def _seal(self) -> None:
        for group, rows in self._open.items():
            data = b"".join(row for _, row in rows)
            self._write(data)
            self._segments.append(Segment(group, len(rows), rows[0][0], rows[-1][0], len(data)))
        self._open.clear()
        self._open_bytes = 0
