"""The calls of jobs and their runs."""

import time

from lakehouse_local.services.glue import errors, job_input
from lakehouse_local.services.glue.bookmarks import Bookmarks
from lakehouse_local.services.glue.calls import Answer, Request, call, failures, paged
from lakehouse_local.services.glue.named import Document, Named
from lakehouse_local.services.glue.runs import ACTIVE, Order, Runs
from lakehouse_local.services.glue.tags import Tags

_ORDERED = (
    "JobRunQueuingEnabled",
    "Timeout",
    "MaxCapacity",
    "AllocatedCapacity",
    "WorkerType",
    "NumberOfWorkers",
    "ExecutionClass",
    "SecurityConfiguration",
    "NotificationProperty",
)


class Jobs:
    """The calls, over the jobs' documents and their runs."""

    def __init__(self, jobs: Named, runs: Runs, bookmarks: Bookmarks, tags: Tags) -> None:
        self._jobs = jobs
        self._runs = runs
        self._bookmarks = bookmarks
        self._tags = tags

    @call
    def create_job(self, request: Request) -> Answer:
        """Create a job."""
        name, now = request["Name"], time.time()
        given = {member: value for member, value in request.items() if member != "Tags"}
        self._jobs.add(name, job_input.completed(given) | {"CreatedOn": now, "LastModifiedOn": now})
        self._tags.set("job", name, request.get("Tags"))
        return {"Name": name}

    @call
    def update_job(self, request: Request) -> Answer:
        """Replace a job: what is not given is gone."""
        name, given = request["JobName"], request["JobUpdate"]

        def changed(old: Document) -> Document:
            wanted = {**given, "Name": name, "Role": given.get("Role", old["Role"])}
            wanted["Command"] = given.get("Command", old["Command"])
            return job_input.completed(wanted) | {"CreatedOn": old["CreatedOn"], "LastModifiedOn": time.time()}

        self._jobs.change(name, changed)
        return {"JobName": name}

    @call
    def delete_job(self, request: Request) -> Answer:
        """Delete a job with its runs and bookmarks; one that is not there is no error."""
        name = request["JobName"]
        self._jobs.remove(name)
        self._runs.forget(name)
        self._bookmarks.forget(name)
        self._tags.forget("job", name)
        return {"JobName": name}

    @call
    def get_job(self, request: Request) -> Answer:
        """One job."""
        return {"Job": self._jobs.get(request["JobName"])}

    @call
    def get_jobs(self, request: Request) -> Answer:
        """All jobs."""
        return paged(request, "Jobs", self._jobs.all())

    @call
    def batch_get_jobs(self, request: Request) -> Answer:
        """Jobs by name, and the names that there are not."""
        names = request["JobNames"]
        found = [each for name in names if (each := self._jobs.find(name))]
        return {"Jobs": found, "JobsNotFound": [name for name in names if name not in self._jobs]}

    @call
    def list_jobs(self, request: Request) -> Answer:
        """The names of all jobs, or of those with tags."""
        wanted = (request.get("Tags") or {}).items()
        names = [each["Name"] for each in self._jobs.all()]
        return paged(request, "JobNames", [name for name in names if wanted <= self._tags.of("job", name).items()])

    @call
    def start_job_run(self, request: Request) -> Answer:
        """Start a run, or repeat one."""
        if request.get("ExecutionRoleSessionPolicy"):
            raise errors.invalid("ExecutionRoleSessionPolicy is not supported by the local endpoint.")
        job = self._jobs.get(request["JobName"])
        previous, arguments = None, dict(request.get("Arguments", {}))
        if request.get("JobRunId"):
            previous = self._runs.get(job["Name"], request["JobRunId"])
            if previous["JobRunState"] in (*ACTIVE, "SUCCEEDED"):
                raise errors.invalid(f"Job run {previous['Id']} is {previous['JobRunState']} and cannot be repeated.")
            arguments = {**previous.get("Arguments", {}), **arguments}
        given = {member: request[member] for member in _ORDERED if member in request}
        return {"JobRunId": self._runs.start(job, Order(arguments, given, previous=previous))["Id"]}

    @call
    def get_job_run(self, request: Request) -> Answer:
        """One run."""
        return {"JobRun": self._runs.get(request["JobName"], request["RunId"])}

    @call
    def get_job_runs(self, request: Request) -> Answer:
        """A job's runs, the newest first."""
        self._jobs.get(request["JobName"])
        return paged(request, "JobRuns", self._runs.of(request["JobName"]), default=200)

    @call
    def batch_stop_job_run(self, request: Request) -> Answer:
        """Ask runs to stop; those that could not be asked are named, with why."""
        job, ids = request["JobName"], request["JobRunIds"]
        names = [{"JobName": job, "JobRunId": each} for each in ids]
        wrong = failures(
            (each, lambda each=each: self._runs.stop(job, each["JobRunId"]))  # type: ignore[misc]
            for each in names
        )
        failed = {each["JobRunId"] for each in wrong}
        return {"SuccessfulSubmissions": [each for each in names if each["JobRunId"] not in failed], "Errors": wrong}
