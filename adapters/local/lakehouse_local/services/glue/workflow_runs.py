"""Runs of workflows: begun by the starting trigger, over when nothing of them goes on."""

import secrets
import threading
import time

from lakehouse_local.services.account import key
from lakehouse_local.services.glue import errors, workflow_graph
from lakehouse_local.services.glue.crawls import Crawls
from lakehouse_local.services.glue.firing import Firing, workflow_of
from lakehouse_local.services.glue.named import Document, Named
from lakehouse_local.services.glue.runs import ACTIVE, Runs
from lakehouse_local.services.service import AwsError
from lakehouse_local.services.state import State

_GOES_ON = ("RUNNING", "STOPPING")
_ENDED = "the local endpoint ended while the workflow ran"

Id = tuple[str, str]
"""A workflow's name and its run's id."""


class WorkflowRuns:
    """The runs of the workflows of ``workflows``."""

    def __init__(self, state: State, kinds: tuple[Named, Named], firing: Firing, runs: Runs, crawls: Crawls) -> None:
        self._workflows, self._triggers = kinds
        self._documents = state.collection("glue.workflow-run")
        self._firing = firing
        self._runs = runs
        self._crawls = crawls
        self._lock = threading.RLock()
        firing.goes_on = lambda run: self._get(run)["Status"] == "RUNNING"
        for at, document in self._documents.items():
            if document["Status"] in _GOES_ON:
                done = {"Status": "ERROR", "ErrorMessage": _ENDED, "CompletedOn": time.time()}
                self._documents.put(at, {**document, **done})

    def start(self, workflow: Document, properties: dict[str, str]) -> str:
        """Begin a run; its id.

        InvalidInputException without a trigger to start with, ConcurrentRunsExceededException if too many go on.
        """
        name = workflow["Name"]
        starts = [each for each in self.triggers(name) if each["Type"] != "CONDITIONAL"]
        if not starts:
            raise errors.invalid(f"Workflow {name} has no trigger to start with.")
        with self._lock:
            going = [each for each in self.of(name) if each["Status"] in _GOES_ON]
            if len(going) >= workflow.get("MaxConcurrentRuns", len(going) + 1):
                raise AwsError("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {name}")
            run_id = f"wr_{secrets.token_hex(32)}"
            document = {
                "Name": name,
                "WorkflowRunId": run_id,
                "WorkflowRunProperties": {**workflow.get("DefaultRunProperties", {}), **properties},
                "StartedOn": time.time(),
                "Status": "RUNNING",
            }
            self._documents.put(key(name, run_id), document)
        self._firing.fire(starts[0], (name, run_id))
        self.settle((name, run_id))
        return run_id

    def stop(self, run: Id) -> None:
        """Stop what goes on of a run; IllegalWorkflowStateException if nothing does."""
        if self._get(run)["Status"] != "RUNNING":
            raise AwsError("IllegalWorkflowStateException", f"Workflow run {run[1]} is not running.")
        self._documents.update(key(*run), lambda old: {**old, "Status": "STOPPING"})
        for each in self._runs.of_workflow(run):
            if each["JobRunState"] in ACTIVE:
                self._runs.stop(each["JobName"], each["Id"])
        for name, crawl in self._crawls_of(run):
            if crawl["State"] == "RUNNING":
                self._crawls.stop(name)
        self.settle(run)

    def settle(self, run: Id | None) -> None:
        """End a run of which nothing goes on any more."""
        if run is None:
            return
        with self._lock:
            document = self._get(run)
            jobs = (each["JobRunState"] in ACTIVE for each in self._runs.of_workflow(run))
            crawls = (crawl["State"] == "RUNNING" for _, crawl in self._crawls_of(run))
            if document["Status"] in _GOES_ON and not any(jobs) and not any(crawls):
                status = "COMPLETED" if document["Status"] == "RUNNING" else "STOPPED"
                done = {"Status": status, "CompletedOn": time.time()}
                self._documents.update(key(*run), lambda old: {**old, **done})

    def get(self, run: Id, *, with_graph: bool) -> Document:
        """A WorkflowRun with its statistics."""
        document, triggers = self._get(run), self.triggers(run[0])
        runs, crawls = self._runs.of_workflow(run), self._crawls_of(run)
        states = [each["JobRunState"] for each in runs]
        states += [workflow_graph.CRAWL_STATES[crawl["State"]] for _, crawl in crawls]
        shown = {**document, "Statistics": workflow_graph.statistics(triggers, states)}
        return shown | ({"Graph": workflow_graph.graph(triggers, runs, crawls)} if with_graph else {})

    def of(self, name: str) -> list[Document]:
        """The runs of a workflow, the newest first, without statistics."""
        found = [document for _, document in self._documents.items(key(name, ""))]
        return sorted(found, key=lambda each: float(each["StartedOn"]), reverse=True)

    def put_properties(self, run: Id, properties: dict[str, str]) -> None:
        """Add properties to a run."""
        self._get(run)
        self._documents.update(
            key(*run), lambda old: {**old, "WorkflowRunProperties": {**old["WorkflowRunProperties"], **properties}}
        )

    def triggers(self, name: str) -> list[Document]:
        """The triggers of a workflow."""
        return [each for each in self._triggers.all() if each.get("WorkflowName") == name]

    def forget(self, name: str) -> None:
        """Drop the triggers and the runs of a workflow that is gone."""
        for trigger in self.triggers(name):
            self._triggers.remove(trigger["Name"])
            self._firing.forget(trigger["Name"])
        for at, _ in self._documents.items(key(name, "")):
            self._documents.delete(at)

    def _get(self, run: Id) -> Document:
        found = self._documents.get(key(*run))
        if found is None:
            self._workflows.get(run[0])
            raise errors.not_found(f"Workflow run {run[1]} of workflow {run[0]} not found.")
        return found

    def _crawls_of(self, run: Id) -> list[tuple[str, Document]]:
        return self._crawls.started_by(lambda by: workflow_of(by) == run)
