"""What a task is asked to do, and who is told about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from lakehouse_core.ports import Storage
from lakehouse_local.capture.source import CaptureSource
from lakehouse_local.engines.dms.losses import Loss
from lakehouse_local.engines.dms.wire import TaskWire


class StopReason(Enum):
    """Why a task stopped, by DMS's names."""

    NORMAL = "NORMAL"
    FULL_LOAD_ONLY_FINISHED = "FULL_LOAD_ONLY_FINISHED"
    STOPPED_AFTER_FULL_LOAD = "STOPPED_AFTER_FULL_LOAD"
    STOPPED_AFTER_CACHED_EVENTS = "STOPPED_AFTER_CACHED_EVENTS"
    STOPPED_AT_SERVER_TIME = "STOPPED_AT_SERVER_TIME"
    RECOVERABLE_ERROR = "RECOVERABLE_ERROR"
    FATAL_ERROR = "FATAL_ERROR"


@dataclass(frozen=True)
class TaskPlan:
    """One run of a task.

    ``load`` and ``changes`` are its migration type; ``fresh`` means from the beginning, whatever was done before;
    ``again`` that it goes on by itself and waits for a source that is not there yet. ``clear`` removes a table's
    objects before it is loaded. ``stop_after`` ends it after the load or after the changes that came meanwhile,
    ``stop_at`` at a time of this machine's clock. Seconds: to wait for others' transactions; between attempts at
    first and at most.
    """

    source: CaptureSource
    storage: Storage
    wire: TaskWire
    load: bool
    changes: bool
    fresh: bool
    again: bool = False
    clear: bool = True
    stop_after: StopReason | None = None
    stop_at: datetime | None = None
    consistency_seconds: float = 600.0
    retry_seconds: float = 5.0
    retry_limit_seconds: float = 1800.0
    retries: int = -1


class Report(Protocol):
    """Told by a task's thread."""

    def running(self) -> None:
        """It reads the source."""
        ...

    def load_started(self) -> None:
        """The full load begins."""
        ...

    def load_finished(self) -> None:
        """Every table is loaded."""
        ...

    def stopped(self, reason: StopReason) -> None:
        """It came to an end that was asked for."""
        ...

    def failed(self, reason: StopReason, message: str) -> None:
        """It cannot go on."""
        ...

    def log(self, severity: str, text: str) -> None:
        """A line for its log; severity is I, W or E."""
        ...

    def lost(self, table: str, loss: Loss, times: int) -> None:
        """DMS loses this much here."""
        ...
