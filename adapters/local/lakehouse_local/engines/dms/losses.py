"""What DMS is documented to lose on the way from PostgreSQL to S3, counted by table and kind."""

import threading
from enum import Enum


class Loss(Enum):
    """A kind of loss, and how the task's log words it."""

    TRUNCATE = "TRUNCATE is not replicated"
    KEY_CHANGE = "an update that changes the primary key is ignored"
    UPDATE_WITHOUT_KEY = "an update of a table without a usable primary key is ignored"
    DELETE_WITHOUT_KEY = "a delete in a table without a usable primary key is ignored"
    NUMERIC = "a number of an unbounded numeric column is cut after 6 decimals"
    LOB = "a large object is cut at LobMaxSize"
    LOB_WITHOUT_KEY = "a large object's change in a table without a primary key is not replicated"
    NOT_SENT = "a large value that an update left as it was is written as CsvNullValue (UseCsvNoSupValue is off)"
    SUSPENDED = "a change of a suspended table is not replicated"


class Losses:
    """Counts since they were last taken. Safe for threads.

    What is read again after a connection broke is counted again: never less than was lost.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, Loss], int] = {}

    def count(self, table: str, loss: Loss, times: int = 1) -> None:
        """Count losses in a table (``schema.table``)."""
        with self._lock:
            self._counts[table, loss] = self._counts.get((table, loss), 0) + times

    def take(self) -> dict[tuple[str, Loss], int]:
        """The counts, which begin again at nothing."""
        with self._lock:
            taken, self._counts = self._counts, {}
            return taken
