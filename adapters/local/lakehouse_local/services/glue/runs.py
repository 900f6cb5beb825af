"""Job runs: each in a thread of its own, from STARTING to its end; what is known of them is in the state."""

import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakehouse_local.engines.jobs import arguments as job_arguments
from lakehouse_local.engines.jobs import children
from lakehouse_local.engines.jobs.model import Ending, Launch, Outcome
from lakehouse_local.engines.jobs.model import World as JobWorld
from lakehouse_local.engines.jobs.run import Watch, run
from lakehouse_local.services.account import key
from lakehouse_local.services.glue import errors, job_input
from lakehouse_local.services.glue.bookmarks import ENABLED, Bookmarks
from lakehouse_local.services.glue.named import Document, Named
from lakehouse_local.services.logs import Logs
from lakehouse_local.services.service import AwsError
from lakehouse_local.services.world import World

GROUP = "/aws-glue/jobs"
ACTIVE = ("STARTING", "RUNNING", "STOPPING", "WAITING")
_STATES = {
    Ending.SUCCEEDED: "SUCCEEDED",
    Ending.FAILED: "FAILED",
    Ending.STOPPED: "STOPPED",
    Ending.TIMEOUT: "TIMEOUT",
}
_ENDED = "the local endpoint ended while the job ran"
_AT_ONCE = max(2, os.cpu_count() or 1)
"""Scripts that run at the same time on this machine; the others are STARTING meanwhile."""
_SHELL_WORKER = "G.1X"


@dataclass(frozen=True)
class Order:
    """What a run is asked for beyond its job: StartJobRun's members, who starts it, and what it repeats."""

    arguments: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    trigger: str | None = None
    workflow: tuple[str, str] | None = None
    previous: Document | None = None


Ended = Callable[[Document, tuple[str, str] | None], None]
"""Called with a run (JobRun) that has ended, and the workflow's name and run that it belongs to."""


class Runs:
    """The runs of ``jobs``."""

    def __init__(self, world: World, jobs: Named, bookmarks: Bookmarks, logs: Logs) -> None:
        self._state = world.state
        self._jobs = jobs
        self._bookmarks = bookmarks
        self._logs = logs
        self._documents = world.state.collection("glue.job-run")
        self._world = JobWorld(world.folder / "runs", world.s3, world.endpoint, world.settings)
        self._slots = threading.Semaphore(_AT_ONCE)
        self._live: dict[str, tuple[threading.Event, threading.Thread]] = {}
        self._lock = threading.RLock()
        self._closed = False
        self.ended: Ended = lambda *_: None
        for at, document in self._documents.items():
            if document["run"]["JobRunState"] in ACTIVE:
                children.sweep(document["run"]["Id"])
                self._documents.put(at, {**document, "run": _finished(document["run"], "FAILED", _ENDED)})

    def start(self, job: Document, order: Order) -> Document:
        """Start a run, or let it wait where the job allows that; ConcurrentRunsExceededException if it does not."""
        with self._lock, self._state.transaction():
            active = [each for each in self.of(job["Name"]) if each["JobRunState"] in ACTIVE]
            queued = order.given.get("JobRunQueuingEnabled", job.get("JobRunQueuingEnabled", False))
            full = len(active) >= job["ExecutionProperty"]["MaxConcurrentRuns"]
            if full and not queued:
                raise AwsError("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {job['Name']}")
            found = self._new(job, order, "WAITING" if full else "STARTING")
        if not full:
            self._begin(job, found, order)
        return found

    def refused(self, job_name: str, order: Order, state: str, why: str) -> Document:
        """Note a run that a trigger could not start."""
        now = time.time()
        found = {"Id": _run_id(), "Attempt": 0, "JobName": job_name, "StartedOn": now, "LastModifiedOn": now}
        found |= {"JobRunState": state, "ErrorMessage": why, "CompletedOn": now, "ExecutionTime": 0}
        if order.trigger:
            found["TriggerName"] = order.trigger
        self._put(found, order)
        return found

    def get(self, job: str, run_id: str) -> Document:
        """One run; EntityNotFoundException if there is none."""
        found = self._documents.get(key(job, run_id))
        if found is None:
            raise errors.not_found(f"Job run {run_id} of job {job} not found.")
        return _shown(found)

    def of(self, job: str) -> list[Document]:
        """A job's runs, the newest first."""
        found = [_shown(document) for _, document in self._documents.items(key(job, ""))]
        return sorted(found, key=lambda each: float(each["StartedOn"]), reverse=True)

    def of_workflow(self, workflow: tuple[str, str]) -> list[Document]:
        """The runs that belong to a workflow's run, the oldest first."""
        mine = [_shown(each) for _, each in self._documents.items() if each.get("workflow") == list(workflow)]
        return sorted(mine, key=lambda each: float(each["StartedOn"]))

    def stop(self, job: str, run_id: str) -> None:
        """Ask a run to stop; InvalidInputException if it has ended."""
        with self._lock:
            found = self.get(job, run_id)
            if found["JobRunState"] not in ACTIVE:
                raise errors.invalid(f"Job run {run_id} is {found['JobRunState']} and cannot be stopped.")
            if found["JobRunState"] == "WAITING":
                self._end(found, "STOPPED", "")
                return
            self._change(found, {"JobRunState": "STOPPING"})
            if run_id in self._live:
                self._live[run_id][0].set()

    def forget(self, job: str) -> None:
        """Drop the runs of a job that is gone, but for those that still go on."""
        for at, document in self._documents.items(key(job, "")):
            if document["run"]["JobRunState"] not in ACTIVE:
                self._documents.delete(at)

    def close(self) -> None:
        """Stop every run and wait until its processes are gone."""
        with self._lock:
            self._closed = True
            live = list(self._live.values())
        for stopping, _ in live:
            stopping.set()
        for _, thread in live:
            thread.join(15)

    # A run's life

    def _new(self, job: Document, order: Order, state: str) -> Document:
        now, given = time.time(), order.given
        same: Document = {
            name: job[name]
            for name in ("MaxCapacity", "AllocatedCapacity", "WorkerType", "NumberOfWorkers")
            if name in job
        }
        if any(given.get(name) for name in ("MaxCapacity", "AllocatedCapacity", "WorkerType", "NumberOfWorkers")):
            same = {name: given[name] for name in ("WorkerType", "NumberOfWorkers") if name in given}
            same |= job_input.capacity(given, job_input.kind(job))
        found = {
            "Id": _run_id(),
            "Attempt": order.previous["Attempt"] + 1 if order.previous else 0,
            "JobName": job["Name"],
            "JobMode": job["JobMode"],
            "StartedOn": now,
            "LastModifiedOn": now,
            "JobRunState": state,
            "PredecessorRuns": [],
            "ExecutionTime": 0,
            "Timeout": job_input.checked_timeout(given.get("Timeout") or job["Timeout"]),
            "LogGroupName": GROUP,
            "GlueVersion": job["GlueVersion"],
            **same,
        }
        optional = {
            "PreviousRunId": order.previous["Id"] if order.previous else None,
            "TriggerName": order.trigger,
            "Arguments": dict(order.arguments) or None,
            "ExecutionClass": given.get("ExecutionClass") or job.get("ExecutionClass"),
            "SecurityConfiguration": given.get("SecurityConfiguration") or job.get("SecurityConfiguration"),
            "NotificationProperty": given.get("NotificationProperty") or job.get("NotificationProperty"),
        }
        found |= {name: value for name, value in optional.items() if value is not None}
        self._put(found, order)
        return found

    def _begin(self, job: Document, found: Document, order: Order) -> None:
        stopping = threading.Event()
        thread = threading.Thread(
            target=self._run, args=(job, found, order, stopping), name=f"run {found['Id']}", daemon=True
        )
        with self._lock:
            if self._closed:
                self._end(found, "FAILED", _ENDED)
                return
            self._live[found["Id"]] = (stopping, thread)
        thread.start()

    def _run(self, job: Document, found: Document, order: Order, stopping: threading.Event) -> None:
        launch = self._launch(job, found, order)
        try:
            outcome = self._outcome(launch, found, stopping)
        except Exception as error:  # noqa: BLE001 - a run ends FAILED, whatever it was
            outcome = Outcome(Ending.FAILED, f"{type(error).__name__}: {error}", None)
        if launch.arguments.get("--job-bookmark-option") == ENABLED:
            succeeded = outcome.ending is Ending.SUCCEEDED
            self._bookmarks.ended(job["Name"], found["Id"], outcome.bookmarks, succeeded=succeeded)
        with self._lock:
            self._live.pop(found["Id"], None)
            ended = self._end(found, _STATES[outcome.ending], outcome.message, tell=False)
            again = outcome.ending is Ending.FAILED and ended["Attempt"] < job["MaxRetries"] and not self._closed
            if again:
                retry = Order(order.arguments, order.given, order.trigger, order.workflow, ended)
                self._begin(job, self._new(job, retry, "STARTING"), retry)
            else:
                self._next_waiting(job["Name"])
        if not again:
            self.ended(ended, order.workflow)

    def _outcome(self, launch: Launch, found: Document, stopping: threading.Event) -> Outcome:
        while not self._slots.acquire(timeout=0.1):
            if stopping.is_set():
                return Outcome(Ending.STOPPED, "", None)
        try:
            name, run_id = found["JobName"], found["Id"]
            output, error = (self._logs.ship(f"{GROUP}/{stream}", run_id) for stream in ("output", "error"))

            def running() -> None:
                self._change(
                    self.get(name, run_id), {"JobRunState": "RUNNING"}, only_from="STARTING", began=time.time()
                )

            return run(launch, self._world, Watch(stopping, running, output, error))
        finally:
            self._slots.release()

    def _launch(self, job: Document, found: Document, order: Order) -> Launch:
        own = {"--JOB_NAME": job["Name"], "--JOB_ID": f"j_{job['Name']}", "--JOB_RUN_ID": found["Id"]}
        if order.workflow:
            own |= {"--WORKFLOW_NAME": order.workflow[0], "--WORKFLOW_RUN_ID": order.workflow[1]}
        merged = job_arguments.merged(
            job.get("DefaultArguments", {}), order.arguments, job.get("NonOverridableArguments", {}), own
        )
        kind = job_input.kind(job)
        return Launch(
            run_id=found["Id"],
            job_name=job["Name"],
            kind="spark" if kind == "spark" else "python",
            script=merged.get("--scriptLocation") or job["Command"]["ScriptLocation"],
            arguments=merged,
            worker_type=found.get("WorkerType", _SHELL_WORKER),
            workers=found.get("NumberOfWorkers", max(1, int(found["MaxCapacity"]))),
            timeout=found["Timeout"] * 60.0,
            bookmarks=self._bookmarks.of(job["Name"]),
        )

    def _next_waiting(self, job_name: str) -> None:
        """Start the oldest run that waits, if its job still exists."""
        job = self._jobs.find(job_name)
        waiting = [each for each in self.of(job_name) if each["JobRunState"] == "WAITING"]
        if not waiting or self._closed:
            return
        document = self._documents.get(key(job_name, waiting[-1]["Id"]))
        if job is None or document is None:
            return
        workflow = tuple(document["workflow"]) if document.get("workflow") else None
        order = Order(waiting[-1].get("Arguments", {}), trigger=waiting[-1].get("TriggerName"), workflow=workflow)
        self._begin(job, self._change(waiting[-1], {"JobRunState": "STARTING"}), order)

    def _end(self, found: Document, state: str, message: str, *, tell: bool = True) -> Document:
        document = self._documents.update(
            key(found["JobName"], found["Id"]),
            lambda old: {**old, "run": _finished(old["run"], state, message, old.get("began"))},
        )
        assert document is not None  # noqa: S101 (an active run is never forgotten)
        if tell:
            workflow = document.get("workflow")
            self.ended(document["run"], tuple(workflow) if workflow else None)
        return dict(document["run"])

    def _change(self, found: Document, new: Document, *, only_from: str | None = None, **own: float) -> Document:
        def changed(old: Document) -> Document:
            if only_from not in (None, old["run"]["JobRunState"]):
                return {**old, **own}
            return {**old, **own, "run": {**old["run"], **new, "LastModifiedOn": time.time()}}

        document = self._documents.update(key(found["JobName"], found["Id"]), changed)
        assert document is not None  # noqa: S101 (as above)
        return dict(document["run"])

    def _put(self, found: Document, order: Order) -> None:
        document: Document = {"run": found} | ({"workflow": list(order.workflow)} if order.workflow else {})
        self._documents.put(key(found["JobName"], found["Id"]), document)


def _run_id() -> str:
    return f"jr_{secrets.token_hex(32)}"


def _finished(found: Document, state: str, message: str, began: float | None = None) -> Document:
    now = time.time()
    ended = {**found, "JobRunState": state, "CompletedOn": now, "LastModifiedOn": now}
    ended["ExecutionTime"] = round(now - began) if began else 0
    return ended | ({"ErrorMessage": message} if message else {})


def _shown(document: Document) -> Document:
    """The JobRun, whose ExecutionTime goes on while it does."""
    found = dict(document["run"])
    if found["JobRunState"] in ACTIVE and "began" in document:
        found["ExecutionTime"] = round(time.time() - document["began"])
    return found
