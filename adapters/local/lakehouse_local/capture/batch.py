"""A batch: committed transactions become files, then one manifest, which makes them count."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from isal import isal_zlib

from lakehouse_core.contracts.envelope import Phase, position
from lakehouse_local.capture.errors import Fenced
from lakehouse_local.capture.manifest import FileEntry, Manifest, TableEntry, with_counts
from lakehouse_local.capture.names import next_file_time
from lakehouse_local.capture.objects import GZIP_LEVEL, Bronze
from lakehouse_local.capture.transaction import Segment, Transaction
from lakehouse_local.capture.wire import Shape

_GZIP_WINDOW = 31  # a gzip container, whose time isal leaves 0: equal rows make equal bytes

IDLE_WAL_BYTES = 16 << 20
"""How much WAL without captured changes a slot may hold before an empty manifest lets it go."""


@dataclass
class _File:
    """A file that is being written, compressed in memory."""

    shape: Shape | None
    first_commit: datetime
    first_position: str
    last_position: str = ""
    rows: int = 0
    size: int = 0
    chunks: list[bytes] = field(default_factory=list)
    gzip: Any = field(default_factory=lambda: isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, _GZIP_WINDOW))

    def write(self, data: bytes) -> None:
        self.chunks.append(self.gzip.compress(data))
        self.size += len(data)


class Batch:
    """The transactions after a manifest, until they become the next one."""

    def __init__(self, after: Manifest, bronze: Bronze) -> None:
        self._after = after
        self._bronze = bronze
        self._wire = bronze.wire
        self._limit = bronze.wire.batch_bytes
        self._files: dict[Shape | None, _File] = {}
        self._stored: list[FileEntry] = []
        self._file_time = None if after.file_time is None else datetime.fromisoformat(after.file_time)
        self._clock = after.clock_time
        self._tables: dict[Shape, dict[str, int]] = {}
        self._shapes: dict[str, Shape] = {}
        self._counter = after.change_counter
        self._opened: float | None = None
        self.end_lsn = after.end_lsn
        self._commit_end = after.commit_end_lsn
        self.transactions = 0

    @property
    def pending(self) -> bool:
        """Whether there is anything that a reader would want to know."""
        return self._opened is not None

    @property
    def age(self) -> float:
        """Seconds since the first transaction was added."""
        return 0.0 if self._opened is None else time.monotonic() - self._opened

    @property
    def size(self) -> int:
        """Uncompressed bytes that are not stored yet."""
        return sum(file.size for file in self._files.values())

    def due(self) -> bool:
        """Whether it is time to become a manifest, by the wire's age or size."""
        if not self.pending:
            return self.end_lsn - self._after.end_lsn >= IDLE_WAL_BYTES
        return bool(self._stored) or self.age >= self._wire.batch_seconds or self.size >= self._limit

    def fills_up(self, transaction: Transaction) -> bool:
        """Whether adding the transaction may store files, which takes time."""
        return self.size + transaction.size >= self._limit

    def fits(self, transaction: Transaction) -> bool:
        """Whether the transaction's tables still have the shapes that the batch has written."""
        return all(self._shapes.get(shape.full_name, shape) == shape for shape in transaction.counts)

    def add(self, transaction: Transaction, counter: int) -> None:
        """Write a transaction's rows; files that are full are stored at once."""
        self.end_lsn = transaction.begin.commit_lsn + 1
        self._commit_end = transaction.end_lsn
        if not transaction.rows and transaction.clock is None:
            return
        if self._opened is None:
            self._opened = time.monotonic()
        self.transactions += 1
        self._counter = counter
        self._clock = max(self._clock, transaction.business_time)
        for shape, counts in transaction.counts.items():
            total = self._tables.setdefault(shape, {})
            self._shapes[shape.full_name] = shape
            for name, count in counts.items():
                total[name] = total.get(name, 0) + count
        for segment, data in transaction.segments():
            self._write(transaction, segment, self._wire.stamped(data, transaction.business_time))

    def _write(self, transaction: Transaction, segment: Segment, data: bytes) -> None:
        commit = transaction.begin.commit_lsn
        file = self._files.get(segment.shape)
        if file is None:
            first = position(self._after.epoch, Phase.CHANGE, commit, segment.first)
            file = self._files[segment.shape] = _File(segment.shape, transaction.begin.commit_time, first)
            if segment.shape is not None:
                file.write(self._wire.encoder(segment.shape).header())
        file.write(data)
        file.rows += segment.rows
        file.last_position = position(self._after.epoch, Phase.CHANGE, commit, segment.last)
        if file.size >= self._limit:
            self._store(self._files.pop(segment.shape))

    def _store(self, file: _File) -> None:
        body = b"".join([*file.chunks, file.gzip.flush()])
        table = None if file.shape is None else (file.shape.schema, file.shape.table)
        # A key that is taken is an earlier attempt's, cut elsewhere, or another writer's: it is never written over.
        while True:
            self._file_time = next_file_time(file.first_commit, self._file_time)
            key = self._wire.changes_key(table, self._file_time)
            if self._bronze.store_new(key, body):
                break
        self._stored.append(
            FileEntry(
                key=key,
                bytes=len(body),
                sha256=hashlib.sha256(body).hexdigest(),
                rows=file.rows,
                table=None if file.shape is None else file.shape.full_name,
                first_position=file.first_position,
                last_position=file.last_position,
            )
        )

    def finish(self) -> Manifest:
        """Store what is open, then the manifest: when this returns, the changes below its end are durable.

        Raises:
            Fenced: another process wrote this manifest.
            StorageGone: S3 does not take objects.
        """
        for file in list(self._files.values()):
            self._store(file)
        self._files.clear()
        manifest = replace(
            self._after,
            kind="changes",
            layout=self._wire.layout,
            sequence=self._after.sequence + 1,
            revision=0,
            start_lsn=self._after.end_lsn,
            end_lsn=self.end_lsn,
            commit_end_lsn=self._commit_end,
            clock=self._clock.isoformat(),
            change_counter=self._counter,
            file_time=None if self._file_time is None else self._file_time.isoformat(),
            files=tuple(self._stored),
            tables={
                shape.full_name: with_counts(TableEntry(shape.columns, shape.types, shape.key), counts)
                for shape, counts in self._tables.items()
            },
        )
        if not self._bronze.store_new(manifest.key, manifest.to_json()):
            raise Fenced(
                f"another process wrote {manifest.key}; nothing of this batch was acknowledged",
                hint="one lakehouse replicate per lake; start this one again when the other has stopped",
            )
        return manifest


OnBatch = Callable[[Manifest], None]
"""Told each manifest once it is durable and acknowledged."""
