"""Running tasks: from a task's document to a thread, and back when the endpoint starts again."""

import time
from contextlib import suppress
from datetime import UTC, datetime

import psycopg2

from lakehouse_core.errors import LakehouseError
from lakehouse_core.ports import Storage
from lakehouse_local.engines.dms import source as postgres
from lakehouse_local.engines.dms.ledger import Ledger
from lakehouse_local.engines.dms.plan import TaskPlan
from lakehouse_local.engines.dms.rules import parse_rules
from lakehouse_local.engines.dms.task import TaskRun
from lakehouse_local.engines.dms.wire import TaskWire
from lakehouse_local.services.dms.common import invalid
from lakehouse_local.services.dms.endpoints import Endpoints
from lakehouse_local.services.dms.instances import Instances
from lakehouse_local.services.dms.logs import Outbox
from lakehouse_local.services.dms.report import LogPlace, TaskReport
from lakehouse_local.services.dms.task_settings import parse_settings
from lakehouse_local.services.dms.world import DmsWorld
from lakehouse_local.services.service import AwsError
from lakehouse_local.services.state import Document
from lakehouse_local.storage import S3Storage

_SOON = 3.0
_LAST = 20.0


class Runs:
    """The threads of tasks, by address. A task that runs when the endpoint ends goes on when it starts again."""

    def __init__(self, world: DmsWorld, instances: Instances, endpoints: Endpoints, outbox: Outbox) -> None:
        self._state = world.state
        self._tasks = world.state.collection("dms.task")
        self._instances = instances
        self._endpoints = endpoints
        self._storage: Storage = S3Storage(world.part)
        self._outbox = outbox
        self._owner = world.owner
        self._runs: dict[str, TaskRun] = {}

    def ledger(self, arn: str) -> Ledger:
        """What the task remembers."""
        return Ledger(self._state, arn)

    def log_place(self, task: Document) -> LogPlace:
        """The log stream that DMS would give the task."""
        instance = self._instances.find(task["ReplicationInstanceArn"])
        resource = task["ReplicationTaskArn"].rsplit(":", 1)[1]
        return LogPlace(f"dms-tasks-{instance['ReplicationInstanceIdentifier']}", f"dms-task-{resource}")

    def go_on(self) -> None:
        """Start what was running when the endpoint ended; what was stopping has stopped."""
        for arn, task in self._tasks.items():
            if task["Status"] == "stopping":
                stopped = {"Status": "stopped", "StopReason": "Stop Reason NORMAL", "_stopped": time.time()}
                self._tasks.put(arn, task | stopped)
            elif task["Status"] in ("starting", "running"):
                try:
                    self.start(task, fresh=False, again=True)
                except AwsError as problem:
                    failed = {"Status": "failed", "LastFailureMessage": problem.message, "_stopped": time.time()}
                    self._tasks.put(arn, task | failed)

    def start(self, task: Document, *, fresh: bool, again: bool = False) -> None:
        """Run a task whose document says starting (or, ``again``, running)."""
        arn = task["ReplicationTaskArn"]
        settings = parse_settings(task["ReplicationTaskSettings"])
        place = self.log_place(task) if settings.logging else None
        report = TaskReport(self._tasks, arn, task["ReplicationTaskIdentifier"], self._outbox, place)
        run = TaskRun(self._plan(task, fresh=fresh, again=again), self.ledger(arn), report)
        self._runs[arn] = run
        run.start()

    def settle(self, arn: str, leaving: str, seconds: float = _SOON) -> None:
        """Wait a little until the task has left a state: whoever asks next need not ask twice."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and (self._tasks.get(arn) or {}).get("Status") == leaving:
            time.sleep(0.02)

    def find(self, arn: str) -> TaskRun | None:
        """The task's thread, if it lives."""
        run = self._runs.get(arn)
        return run if run is not None and run.is_alive() else None

    def count_unkeyed(self, arn: str) -> None:
        """Bring the counts up to date that the stream of changes does not hold."""
        run = self.find(arn)
        if run is not None:
            with suppress(psycopg2.Error):
                run.count_unkeyed()

    def forget(self, task: Document) -> None:
        """Drop the task's slot, publications and memory."""
        arn = task["ReplicationTaskArn"]
        if "ReplicationTaskStartDate" in task:
            with suppress(psycopg2.Error, LakehouseError, AwsError):
                postgres.forget(self._plan(task, fresh=False, again=False).source)
        self._runs.pop(arn, None)
        self.ledger(arn).forget()

    def close(self) -> None:
        """End every thread; what it read is stored, and the task goes on in the next process."""
        for run in self._runs.values():
            run.leave()
        for run in self._runs.values():
            run.join(_LAST)

    def _plan(self, task: Document, *, fresh: bool, again: bool) -> TaskPlan:
        settings = parse_settings(task["ReplicationTaskSettings"])
        try:
            rules = parse_rules(task["TableMappings"])
        except LakehouseError as problem:
            raise invalid(problem.message) from None
        endpoint = self._endpoints.postgres(self._endpoints.find(task["SourceEndpointArn"]))
        target = self._endpoints.target(self._endpoints.find(task["TargetEndpointArn"]))
        name = f"dms_{task['ReplicationTaskArn'].rsplit(':', 1)[1]}"
        retries, pause, longest = settings.retry
        return TaskPlan(
            source=postgres.capture_source(endpoint, self._owner(endpoint), name, rules),
            storage=self._storage,
            wire=TaskWire(target, rules, settings.lob_kilobytes),
            load=task["MigrationType"] != "cdc",
            changes=task["MigrationType"] != "full-load",
            fresh=fresh,
            again=again,
            clear=settings.clear,
            stop_after=settings.stop_after,
            stop_at=stop_time(task.get("CdcStopPosition")),
            consistency_seconds=settings.consistency_seconds,
            retry_seconds=pause,
            retry_limit_seconds=longest,
            retries=retries,
        )


def stop_time(position: str | None) -> datetime | None:
    """CdcStopPosition's ``server_time:yyyy-mm-ddThh:mm:ss``, in UTC; other positions are refused by name."""
    if position is None:
        return None
    kind, _, text = position.partition(":")
    if kind != "server_time":
        raise invalid(f"CdcStopPosition {position!r} is not done here; server_time:yyyy-mm-ddThh:mm:ss is")
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC)
    except ValueError:
        raise invalid(f"CdcStopPosition {position!r} is no time") from None
