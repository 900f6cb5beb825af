"""Triggers at work: what they start, and which of them an end of a run sets off."""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from lakehouse_local.services.account import key
from lakehouse_local.services.glue.named import Document, Named
from lakehouse_local.services.glue.runs import Order, Runs
from lakehouse_local.services.service import AwsError
from lakehouse_local.services.state import State

Workflow = tuple[str, str] | None
"""A workflow's name and the id of its run."""


class Firing:
    """Fires the triggers of ``triggers``."""

    def __init__(
        self, state: State, triggers: Named, jobs: Named, runs: Runs, start_crawler: Callable[[str, str], None]
    ) -> None:
        self._triggers = triggers
        self._jobs = jobs
        self._runs = runs
        self._start_crawler = start_crawler
        self._met = state.collection("glue.conditions-met")
        self._lock = threading.RLock()
        self.goes_on: Callable[[tuple[str, str]], bool] = lambda _: True

    def fire(self, trigger: Document, workflow: Workflow = None) -> None:
        """Start everything that a trigger starts; what cannot be started is noted as a run that failed."""
        for action in trigger["Actions"]:
            if "CrawlerName" in action:
                try:
                    self._start_crawler(action["CrawlerName"], _by(trigger, workflow))
                except AwsError:
                    continue  # it runs already, or is gone: AWS goes on without it
                continue
            given = {name: action[name] for name in ("Timeout", "SecurityConfiguration") if name in action}
            order = Order(action.get("Arguments", {}), given, trigger["Name"], workflow)
            job = self._jobs.find(action["JobName"])
            if job is None:
                self._runs.refused(action["JobName"], order, "ERROR", f"Job {action['JobName']} does not exist")
                continue
            try:
                self._runs.start(job, order)
            except AwsError as error:
                self._runs.refused(job["Name"], order, "FAILED", error.message)

    def forget(self, trigger: str) -> None:
        """Drop the conditions met so far: of a trigger that is gone, is another one now, or rests."""
        for place, _ in self._met.items(key(trigger, "")):
            self._met.delete(place)

    def job_ended(self, run: Document, workflow: Workflow) -> None:
        """Fire what waits for the end of a run; only runs that a trigger started count."""
        if "TriggerName" in run:
            self._ended(("JobName", run["JobName"]), ("State", run["JobRunState"]), workflow)

    def crawl_ended(self, crawler: str, status: str, by: str | None) -> None:
        """Fire what waits for the end of a crawl."""
        if by is not None:
            self._ended(("CrawlerName", crawler), ("CrawlState", status), workflow_of(by))

    def _ended(self, what: tuple[str, str], state: tuple[str, str], workflow: Workflow) -> None:
        if workflow and not self.goes_on(workflow):
            return
        with self._lock:
            due = [trigger for trigger in self._triggers.all() if self._is_due(trigger, what, state, workflow)]
        for trigger in due:
            self.fire(trigger, workflow)

    def _is_due(self, trigger: Document, what: tuple[str, str], state: tuple[str, str], workflow: Workflow) -> bool:
        """Whether this end meets the trigger's last condition; conditions met are remembered until it fires."""
        if (trigger["Type"], trigger["State"]) != ("CONDITIONAL", "ACTIVATED"):
            return False
        if trigger.get("WorkflowName") != (workflow[0] if workflow else None):
            return False
        conditions = trigger["Predicate"]["Conditions"]
        now = {number for number, each in enumerate(conditions) if each.get(what[0]) == what[1]}
        if not now:
            return False
        holds = {number for number in now if conditions[number].get(state[0]) == state[1]}
        if trigger["Predicate"].get("Logical", "AND") == "ANY":
            return bool(holds)
        place = key(trigger["Name"], workflow[1] if workflow else "")
        met = (set((self._met.get(place) or {}).get("met", ())) - now) | holds
        if len(met) == len(conditions):
            self._met.delete(place)
            return True
        self._met.put(place, {"met": sorted(met)})
        return False


def _by(trigger: Mapping[str, Any], workflow: Workflow) -> str:
    """Who starts a crawl: a trigger, on its own or in a workflow's run."""
    return json.dumps([trigger["Name"], *(workflow or ())])


def workflow_of(by: str) -> Workflow:
    """The workflow's run out of who started a crawl.

    >>> workflow_of('["t", "w", "wr_1"]'), workflow_of('["t"]')
    (('w', 'wr_1'), None)
    """
    _, *workflow = json.loads(by)
    return (workflow[0], workflow[1]) if workflow else None
