"""What a task remembers: its checkpoint, and counts by table that change with the checkpoint or not at all."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from lakehouse_core.errors import ObjectMissing
from lakehouse_core.ports import Storage
from lakehouse_local.capture.manifest import PREFIX, Manifest, from_json
from lakehouse_local.engines.dms.losses import Loss

Document = dict[str, Any]
Lost = Mapping[tuple[str, Loss], int]

_ROWS = {"inserts": "I", "updates": "U", "deletes": "D"}
_WHOLE_ROWS = {
    Loss.TRUNCATE: "applied_ddls",
    Loss.KEY_CHANGE: "applied_updates",
    Loss.UPDATE_WITHOUT_KEY: "applied_updates",
    Loss.DELETE_WITHOUT_KEY: "applied_deletes",
}
"""Losses of a whole change, and the count of applied ones that they take it from."""


class Documents(Protocol):
    """JSON documents by key."""

    def get(self, key: str) -> Document | None:
        """The document; None if there is none."""
        ...

    def put(self, key: str, document: Mapping[str, Any]) -> None:
        """Store the document."""
        ...

    def delete(self, key: str) -> bool:
        """Remove the document."""
        ...


class Memory(Protocol):
    """Where documents outlive the process."""

    def collection(self, name: str) -> Documents:
        """The documents under that name."""
        ...

    def transaction(self) -> AbstractContextManager[Any]:
        """All or nothing of what is done inside."""
        ...


class Ledger:
    """One task's memory."""

    def __init__(self, memory: Memory, task: str) -> None:
        self._memory = memory
        self._task = task
        self._progress = memory.collection("dms.progress")
        self._checkpoint = memory.collection("dms.checkpoint")

    def read(self) -> Document:
        """``tables`` (counts, states and times by ``schema.table``), ``losses``, ``epoch``."""
        return self._progress.get(self._task) or {"epoch": 0, "tables": {}, "losses": {}}

    def checkpoint(self) -> Manifest | None:
        """The newest manifest; None before the first load."""
        found = self._checkpoint.get(self._task)
        return None if found is None else from_json(found["body"].encode())

    def forget(self) -> None:
        """Remove everything."""
        with self._memory.transaction():
            self._progress.delete(self._task)
            self._checkpoint.delete(self._task)

    def begin(self, tables: Iterable[str]) -> int:
        """Start over with these tables: the epoch that begins. Counts are those since then."""
        with self._memory.transaction():
            epoch = int(self.read()["epoch"]) + 1
            self._checkpoint.delete(self._task)
            blank = {name: {"state": "Before load"} for name in tables}
            self._progress.put(self._task, {"epoch": epoch, "tables": blank, "losses": {}})
        return epoch

    def table(self, name: str, **facts: Any) -> None:
        """Set facts of a table."""

        def change(document: Document) -> None:
            document["tables"].setdefault(name, {}).update(facts, updated=time.time())

        self._change(change)

    def loaded(self, name: str, rows: int) -> None:
        """Count rows of the full load."""

        def change(document: Document) -> None:
            _add(document["tables"].setdefault(name, {}), "load_rows", rows)

        self._change(change)

    def lose(self, lost: Lost) -> None:
        """Count losses."""
        self._change(lambda document: _lose(document, lost))

    def watch(self, counted: Mapping[str, tuple[int, int]]) -> None:
        """Note where others' counts of updates and deletes stand, by table."""
        self._change(lambda document: document.update(watched=dict(counted)))

    def watched(self) -> dict[str, tuple[int, int]]:
        """Where they stood."""
        return {name: (updates, deletes) for name, (updates, deletes) in self.read().get("watched", {}).items()}

    def unkeyed(self, table: str, loss: Loss, times: int) -> int:
        """Set a count of losses that another keeps; by how much it grew (it never shrinks)."""
        before = int(self.read()["losses"].get(table, {}).get(loss.name, 0))
        if times > before:
            self._change(lambda document: document["losses"].setdefault(table, {}).update({loss.name: times}))
        return max(0, times - before)

    def advance(self, key: str, body: bytes, lost: Callable[[], Lost], applied: Callable[[str], bool]) -> bool:
        """Take the next manifest and its counts, together; False if it is not a next one.

        ``applied`` says of an operation (I, U, D) whether its rows are asked for.
        """
        with self._memory.transaction():
            found = self._checkpoint.get(self._task)
            if found is not None and found["key"] >= key:
                return False
            self._checkpoint.put(self._task, {"key": key, "body": body.decode()})
            manifest = from_json(body)
            if manifest.sequence:
                self._change(lambda document: _count(document, manifest, lost(), applied))
        return True

    def _change(self, change: Callable[[Document], None]) -> None:
        with self._memory.transaction():
            document = self.read()
            change(document)
            self._progress.put(self._task, document)


class TaskStorage:
    """An object store whose manifests are the ledger's: DMS leaves no object in the bucket but its files."""

    def __init__(
        self, storage: Storage, ledger: Ledger, lost: Callable[[], Lost], applied: Callable[[str], bool]
    ) -> None:
        self._storage = storage
        self._ledger = ledger
        self._lost = lost
        self._applied = applied

    def get(self, bucket: str, key: str) -> bytes:
        """The object's bytes; ObjectMissing if there is none."""
        if not key.startswith(PREFIX):
            return self._storage.get(bucket, key)
        found = self._ledger.checkpoint()
        if found is None or found.key != key:
            raise ObjectMissing(f"{key} is not the newest checkpoint")
        return found.to_json()

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Store the object."""
        self._storage.put(bucket, key, body)

    def put_if_absent(self, bucket: str, key: str, body: bytes) -> bool:
        """Store the object if the key is free."""
        if key.startswith(PREFIX):
            return self._ledger.advance(key, body, self._lost, self._applied)
        return self._storage.put_if_absent(bucket, key, body)

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """The keys below a prefix."""
        if prefix != PREFIX:
            yield from self._storage.keys(bucket, prefix)
        elif (found := self._ledger.checkpoint()) is not None:
            yield found.key

    def delete(self, bucket: str, key: str) -> None:
        """Remove the object."""
        self._storage.delete(bucket, key)


def _count(document: Document, manifest: Manifest, lost: Lost, applied: Callable[[str], bool]) -> None:
    for name, entry in manifest.tables.items():
        table = document["tables"].setdefault(name, {"state": "Table completed"})
        for counted, op in _ROWS.items():
            _add(table, counted, getattr(entry, counted))
            _add(table, f"applied_{counted}", getattr(entry, counted) if applied(op) else 0)
        _add(table, "ddls", entry.truncates)
        _add(table, "applied_ddls", entry.truncates)
        table["updated"] = time.time()
    for (name, loss), times in lost.items():
        whole = _WHOLE_ROWS.get(loss)
        table = document["tables"].get(name)
        if whole and table is not None and (whole == "applied_ddls" or applied(whole[8].upper())):
            _add(table, whole, -times)
    _lose(document, lost)


def _lose(document: Document, lost: Lost) -> None:
    for (name, loss), times in lost.items():
        _add(document["losses"].setdefault(name, {}), loss.name, times)


def _add(counts: Document, name: str, count: int) -> None:
    counts[name] = counts.get(name, 0) + count
