"""What a task's thread says, kept in the task's document, its log and its events."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from lakehouse_local.engines.dms.losses import Loss
from lakehouse_local.engines.dms.plan import StopReason
from lakehouse_local.services.dms.logs import Outbox
from lakehouse_local.services.state import Collection, Document


@dataclass(frozen=True)
class LogPlace:
    """Where a task's lines go."""

    group: str
    stream: str


class TaskReport:
    """``lakehouse_local.engines.dms.plan.Report`` of one run."""

    def __init__(self, tasks: Collection, arn: str, name: str, outbox: Outbox, place: LogPlace | None) -> None:
        self._tasks = tasks
        self._arn = arn
        self._name = name
        self._outbox = outbox
        self._place = place
        self._lost: set[tuple[str, Loss]] = set()

    def running(self) -> None:
        """It reads the source."""
        self._change(lambda task: task | ({"Status": "running"} if task["Status"] == "starting" else {}))
        self._say("I", "Task is running", "state change")

    def load_started(self) -> None:
        """The full load begins."""
        self._change(lambda task: task | {"_load_started": time.time(), "_load_finished": None})
        self.log("I", "Full load started")

    def load_finished(self) -> None:
        """Every table is loaded."""
        self._change(lambda task: task | {"_load_finished": time.time()})
        self.log("I", "Full load finished")

    def stopped(self, reason: StopReason) -> None:
        """It came to an end that was asked for."""
        text = f"Stop Reason {reason.value}"
        self._change(lambda task: task | {"Status": "stopped", "StopReason": text, "_stopped": time.time()})
        self._say("I", f"Replication task has stopped. {text}", "state change")

    def failed(self, reason: StopReason, message: str) -> None:
        """It cannot go on."""
        failed = {"Status": "failed", "StopReason": f"Stop Reason {reason.value}", "LastFailureMessage": message}
        self._change(lambda task: task | failed | {"_stopped": time.time()})
        self._say("E", f"Replication task has failed. {message}", "failure")

    def log(self, severity: str, text: str) -> None:
        """A line for its log."""
        if self._place is not None:
            at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
            self._outbox.line(self._place.group, self._place.stream, f"{at} [TASK_MANAGER    ]{severity}:  {text}")

    def lost(self, table: str, loss: Loss, times: int) -> None:
        """DMS loses this much here: each time in the log, the first time of a kind and table also as an event."""
        text = f"{table}: {loss.value} ({times} more)"
        self.log("W", text)
        if (table, loss) not in self._lost:
            self._lost.add((table, loss))
            self._outbox.event(self._name, "configuration change", text)

    def _say(self, severity: str, text: str, category: str) -> None:
        self.log(severity, text)
        self._outbox.event(self._name, category, text)

    def _change(self, change: Callable[[Document], Document]) -> None:
        self._tasks.update(self._arn, change)
