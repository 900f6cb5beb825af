"""What the services remember: named collections of JSON documents in one SQLite file, which outlives the endpoint."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lakehouse_local.errors import StateTooNew

Document = dict[str, Any]
FILE = "aws.sqlite"
"""The file's name, in the endpoint's folder."""

_MIGRATIONS = (
    "create table document (collection text, key text, body text not null, primary key (collection, key)) without rowid",
)
"""Statement n brings a file of version n to version n + 1; ``user_version`` counts them."""

VERSION = len(_MIGRATIONS)
"""The version that this program writes."""


class State:
    """The file. Safe for threads: one connection, one statement at a time, durable when a call returns."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # what services keep may be secret
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = normal")
        (version,) = self._database.execute("pragma user_version").fetchone()
        if version > VERSION:
            self._database.close()
            raise StateTooNew(
                f"{path} was written by a newer version (state {version}; this one knows {VERSION})",
                hint="use the newer version again, or another LAKEHOUSE_HOME",
            )
        for number, statement in enumerate(_MIGRATIONS[version:], version + 1):
            with self.transaction():
                self._database.execute(statement)
                self._database.execute(f"pragma user_version = {number}")

    def collection(self, name: str) -> "Collection":
        """The documents under that name."""
        return Collection(self, name)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing of what is done inside; others wait."""
        with self._lock:
            if self._database.in_transaction:
                yield self._database
                return
            self._database.execute("begin immediate")
            try:
                yield self._database
            except BaseException:
                self._database.execute("rollback")
                raise
            self._database.execute("commit")

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            self._database.close()


def version_of(path: Path) -> int | None:
    """The version of a file, read without changing it; None where there is none."""
    if not path.exists():
        return None
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return int(database.execute("pragma user_version").fetchone()[0])
    finally:
        database.close()


class Collection:
    """Documents by key, in the order of their keys."""

    def __init__(self, state: State, name: str) -> None:
        self._state = state
        self._name = name

    def get(self, key: str) -> Document | None:
        """The document; None if there is none."""
        with self._state.transaction() as database:
            found = database.execute(
                "select body from document where collection = ? and key = ?", (self._name, key)
            ).fetchone()
        return json.loads(found[0]) if found else None

    def put(self, key: str, document: Mapping[str, Any]) -> None:
        """Store the document, over an earlier one."""
        with self._state.transaction() as database:
            database.execute(
                "insert or replace into document values (?, ?, ?)", (self._name, key, json.dumps(document))
            )

    def insert(self, key: str, document: Mapping[str, Any]) -> bool:
        """Store the document under a free key; False if the key is taken."""
        with self._state.transaction() as database:
            done = database.execute(
                "insert or ignore into document values (?, ?, ?)", (self._name, key, json.dumps(document))
            )
            return done.rowcount == 1

    def update(self, key: str, change: Callable[[Document], Document]) -> Document | None:
        """Replace the document by what ``change`` makes of it, with nobody in between; None if there is none."""
        with self._state.transaction():
            found = self.get(key)
            if found is None:
                return None
            changed = change(found)
            self.put(key, changed)
            return changed

    def delete(self, key: str) -> bool:
        """Remove the document; False if there was none."""
        with self._state.transaction() as database:
            done = database.execute("delete from document where collection = ? and key = ?", (self._name, key))
            return done.rowcount == 1

    def items(self, prefix: str = "") -> list[tuple[str, Document]]:
        """Keys that start with the prefix, and their documents, by key."""
        with self._state.transaction() as database:
            rows = database.execute(
                "select key, body from document where collection = ? and substr(key, 1, ?) = ? order by key",
                (self._name, len(prefix), prefix),
            ).fetchall()
        return [(key, json.loads(body)) for key, body in rows]

    def values(self) -> list[Document]:
        """All documents, by key."""
        return [document for _, document in self.items()]
