"""Changes of one table, folded row by row in Python: a second opinion, independent of Spark.

Kept is one row per key that changed, so memory follows the number of changed keys and not the size of the table.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

NOT_SENT = r"\U"
Row = tuple[str, ...]
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One row of a change file, in DMS's text; ``old_key`` is set if an update changed the key.

    ``numbers`` is how many numbers of its transaction it takes, ``sequence`` the first of them.
    """

    table: str
    commit_lsn: int
    sequence: int
    counter: int
    op: str
    row: Row
    old_key: Key | None
    numbers: int = 1


@dataclass(slots=True)
class Fold:
    r"""What changes made of a table: ``changed`` has a row (or None: deleted) for each key that a change touched.

    A row may still hold ``\U`` where no change sent the column; the value is then that of the load's row under the
    key in ``origins``. ``truncated``: nothing of the load is left.
    """

    key_at: tuple[int, ...]
    changed: dict[Key, Row | None] = field(default_factory=dict)
    origins: dict[Key, Key | None] = field(default_factory=dict)
    truncated: bool = False

    def apply(self, change: Change) -> None:
        """Take the next change, in the order of positions."""
        if change.op == "T":
            self.truncated = True
            self.changed.clear()
            self.origins.clear()
            return
        key = self.key_of(change)
        if change.op == "D":
            self._forget(key)
            return
        old_key = change.old_key if change.old_key is not None else key
        before = self.changed.get(old_key) if change.op == "U" else None
        origin = self._origin(old_key) if change.op == "U" else None
        if old_key != key:
            self._forget(old_key)
        row = change.row
        if before is not None and NOT_SENT in row:
            row = tuple(b if new == NOT_SENT else new for new, b in zip(row, before, strict=True))
        self.changed[key] = row
        self.origins[key] = origin

    def key_of(self, change: Change) -> Key:
        """The key of the row that a change carries."""
        return tuple(change.row[at] for at in self.key_at)

    def unresolved(self) -> Iterable[tuple[Key, Row]]:
        """Rows that still lack a value, which the load has."""
        return ((key, row) for key, row in self.changed.items() if row is not None and NOT_SENT in row)

    def _origin(self, key: Key) -> Key | None:
        if key in self.origins:
            return self.origins[key]
        return None if self.truncated or key in self.changed else key

    def _forget(self, key: Key) -> None:
        self.changed[key] = None
        self.origins.pop(key, None)
