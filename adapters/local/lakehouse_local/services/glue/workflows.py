"""The calls of workflows."""

import time

from lakehouse_local.services.glue import workflow_graph
from lakehouse_local.services.glue.calls import Answer, Request, call, paged
from lakehouse_local.services.glue.named import Document, Named
from lakehouse_local.services.glue.tags import Tags
from lakehouse_local.services.glue.workflow_runs import WorkflowRuns


class Workflows:
    """The calls, over the workflows' documents and their runs."""

    def __init__(self, workflows: Named, runs: WorkflowRuns, tags: Tags) -> None:
        self._workflows = workflows
        self._runs = runs
        self._tags = tags

    @call
    def create_workflow(self, request: Request) -> Answer:
        """Create a workflow."""
        name, now = request["Name"], time.time()
        kept = {member: value for member, value in request.items() if member != "Tags"}
        self._workflows.add(name, {**kept, "CreatedOn": now, "LastModifiedOn": now})
        self._tags.set("workflow", name, request.get("Tags"))
        return {"Name": name}

    @call
    def update_workflow(self, request: Request) -> Answer:
        """Replace what is given of a workflow."""
        self._workflows.change(request["Name"], lambda old: {**old, **request, "LastModifiedOn": time.time()})
        return {"Name": request["Name"]}

    @call
    def delete_workflow(self, request: Request) -> Answer:
        """Delete a workflow with its triggers and runs; one that is not there is no error."""
        name = request["Name"]
        self._workflows.remove(name)
        self._runs.forget(name)
        self._tags.forget("workflow", name)
        return {"Name": name}

    @call
    def get_workflow(self, request: Request) -> Answer:
        """One workflow."""
        found = self._workflows.get(request["Name"])
        return {"Workflow": self._shown(found, with_graph=request.get("IncludeGraph", False))}

    @call
    def batch_get_workflows(self, request: Request) -> Answer:
        """Workflows by name, and the names that there are not."""
        names, with_graph = request["Names"], request.get("IncludeGraph", False)
        found = [self._shown(each, with_graph=with_graph) for name in names if (each := self._workflows.find(name))]
        return {"Workflows": found, "MissingWorkflows": [name for name in names if name not in self._workflows]}

    @call
    def list_workflows(self, request: Request) -> Answer:
        """The names of all workflows."""
        return paged(request, "Workflows", [each["Name"] for each in self._workflows.all()], default=25)

    @call
    def start_workflow_run(self, request: Request) -> Answer:
        """Start a run."""
        workflow = self._workflows.get(request["Name"])
        return {"RunId": self._runs.start(workflow, dict(request.get("RunProperties", {})))}

    @call
    def stop_workflow_run(self, request: Request) -> Answer:
        """Stop a run."""
        self._runs.stop((request["Name"], request["RunId"]))
        return {}

    @call
    def get_workflow_run(self, request: Request) -> Answer:
        """One run."""
        run = (request["Name"], request["RunId"])
        return {"Run": self._runs.get(run, with_graph=request.get("IncludeGraph", False))}

    @call
    def get_workflow_runs(self, request: Request) -> Answer:
        """The runs of a workflow, the newest first."""
        self._workflows.get(request["Name"])
        with_graph = request.get("IncludeGraph", False)
        ids = [(request["Name"], each["WorkflowRunId"]) for each in self._runs.of(request["Name"])]
        return paged(request, "Runs", [self._runs.get(each, with_graph=with_graph) for each in ids], default=25)

    @call
    def get_workflow_run_properties(self, request: Request) -> Answer:
        """The properties of a run."""
        run = (request["Name"], request["RunId"])
        return {"RunProperties": self._runs.get(run, with_graph=False)["WorkflowRunProperties"]}

    @call
    def put_workflow_run_properties(self, request: Request) -> Answer:
        """Add properties to a run."""
        self._runs.put_properties((request["Name"], request["RunId"]), request["RunProperties"])
        return {}

    def _shown(self, workflow: Document, *, with_graph: bool) -> Document:
        name = workflow["Name"]
        shown = dict(workflow)
        if runs := self._runs.of(name):
            shown["LastRun"] = self._runs.get((name, runs[0]["WorkflowRunId"]), with_graph=with_graph)
        return shown | ({"Graph": workflow_graph.graph(self._runs.triggers(name))} if with_graph else {})
