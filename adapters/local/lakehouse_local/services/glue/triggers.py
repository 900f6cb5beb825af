"""The calls of triggers."""

from collections.abc import Mapping
from typing import Any

from lakehouse_local.services.glue import errors, trigger_input
from lakehouse_local.services.glue.calls import Answer, Request, call, paged
from lakehouse_local.services.glue.firing import Firing
from lakehouse_local.services.glue.named import Document, Named
from lakehouse_local.services.glue.tags import Tags

_ON_DEMAND = "ON_DEMAND"


class Triggers:
    """The calls, over the triggers' documents."""

    def __init__(self, kinds: Mapping[str, Named], firing: Firing, tags: Tags) -> None:
        self._triggers = kinds["trigger"]
        self._jobs = kinds["job"]
        self._crawlers = kinds["crawler"]
        self._workflows = kinds["workflow"]
        self._firing = firing
        self._tags = tags

    @call
    def create_trigger(self, request: Request) -> Answer:
        """Create a trigger."""
        name = request["Name"]
        trigger_input.check(request, self._jobs, self._crawlers)
        if workflow := request.get("WorkflowName"):
            self._workflows.get(workflow)
            self._only_start(request, workflow)
        activated = request.get("StartOnCreation", False)
        if activated and request["Type"] == _ON_DEMAND:
            raise errors.invalid("StartOnCreation is not for ON_DEMAND triggers.")
        kept = {member: value for member, value in request.items() if member not in {"Tags", "StartOnCreation"}}
        self._triggers.add(name, {**kept, "State": "ACTIVATED" if activated else "CREATED"})
        self._tags.set("trigger", name, request.get("Tags"))
        return {"Name": name}

    @call
    def update_trigger(self, request: Request) -> Answer:
        """Replace what is given of a trigger."""
        given = {member: value for member, value in request["TriggerUpdate"].items() if member != "Name"}

        def changed(old: Document) -> Document:
            new = {**old, **given}
            trigger_input.check(new, self._jobs, self._crawlers)
            return new

        trigger = self._triggers.change(request["Name"], changed)
        self._firing.forget(request["Name"])
        return {"Trigger": trigger}

    @call
    def delete_trigger(self, request: Request) -> Answer:
        """Delete a trigger; one that is not there is no error."""
        self._triggers.remove(request["Name"])
        self._firing.forget(request["Name"])
        self._tags.forget("trigger", request["Name"])
        return {"Name": request["Name"]}

    @call
    def get_trigger(self, request: Request) -> Answer:
        """One trigger."""
        return {"Trigger": self._triggers.get(request["Name"])}

    @call
    def get_triggers(self, request: Request) -> Answer:
        """All triggers, or those that start a job."""
        return paged(request, "Triggers", self._with_job(request))

    @call
    def batch_get_triggers(self, request: Request) -> Answer:
        """Triggers by name, and the names that there are not."""
        names = request["TriggerNames"]
        found = [each for name in names if (each := self._triggers.find(name))]
        return {"Triggers": found, "TriggersNotFound": [name for name in names if name not in self._triggers]}

    @call
    def list_triggers(self, request: Request) -> Answer:
        """The names of all triggers, of those that start a job, or of those with tags."""
        wanted = (request.get("Tags") or {}).items()
        names = [each["Name"] for each in self._with_job(request)]
        return paged(
            request, "TriggerNames", [name for name in names if wanted <= self._tags.of("trigger", name).items()]
        )

    @call
    def start_trigger(self, request: Request) -> Answer:
        """Fire an ON_DEMAND trigger; let any other wait for its time or conditions."""
        trigger = self._triggers.get(request["Name"])
        if trigger["Type"] != _ON_DEMAND:
            self._triggers.change(trigger["Name"], lambda old: {**old, "State": "ACTIVATED"})
        elif "WorkflowName" in trigger:
            raise errors.invalid(
                f"Trigger {trigger['Name']} starts workflow {trigger['WorkflowName']}: StartWorkflowRun."
            )
        else:
            self._firing.fire(trigger)
        return {"Name": trigger["Name"]}

    @call
    def stop_trigger(self, request: Request) -> Answer:
        """Let a trigger rest."""

        def changed(old: Document) -> Document:
            if old["Type"] == _ON_DEMAND:
                raise errors.invalid("An ON_DEMAND trigger cannot be stopped.")
            return {**old, "State": "DEACTIVATED"}

        self._triggers.change(request["Name"], changed)
        self._firing.forget(request["Name"])
        return {"Name": request["Name"]}

    def _with_job(self, request: Request) -> list[Document]:
        job = request.get("DependentJobName")
        if job is None:
            return self._triggers.all()
        self._jobs.get(job)
        return [
            each for each in self._triggers.all() if any(action.get("JobName") == job for action in each["Actions"])
        ]

    def _only_start(self, request: Mapping[str, Any], workflow: str) -> None:
        """A workflow has one trigger that starts it."""
        if request["Type"] == "CONDITIONAL":
            return
        for each in self._triggers.all():
            if each.get("WorkflowName") == workflow and each["Type"] != "CONDITIONAL":
                raise errors.invalid(f"Workflow {workflow} has the starting trigger {each['Name']} already.")
