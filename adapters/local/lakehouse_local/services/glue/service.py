"""AWS Glue as the gateway calls it: its parts put together."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from lakehouse_local.services.glue.bookmarks import Bookmarks
from lakehouse_local.services.glue.calls import operations_of
from lakehouse_local.services.glue.catalog import Catalog
from lakehouse_local.services.glue.catalog_calls import CatalogCalls
from lakehouse_local.services.glue.classifiers import Classifiers
from lakehouse_local.services.glue.connections import Connections
from lakehouse_local.services.glue.crawlers import Crawlers
from lakehouse_local.services.glue.crawls import Crawls
from lakehouse_local.services.glue.firing import Firing, Workflow, workflow_of
from lakehouse_local.services.glue.functions import Functions
from lakehouse_local.services.glue.jobs import Jobs
from lakehouse_local.services.glue.named import Document, Named
from lakehouse_local.services.glue.partition_calls import PartitionCalls
from lakehouse_local.services.glue.runs import Runs
from lakehouse_local.services.glue.schedules import Clock
from lakehouse_local.services.glue.tags import Tags
from lakehouse_local.services.glue.triggers import Triggers
from lakehouse_local.services.glue.workflow_runs import WorkflowRuns
from lakehouse_local.services.glue.workflows import Workflows
from lakehouse_local.services.logs import Logs
from lakehouse_local.services.service import AwsError, Operation
from lakehouse_local.services.world import World

_KINDS = {"crawler": "Crawler", "job": "Job", "trigger": "Trigger", "workflow": "Workflow", "connection": "Connection"}


class Glue:
    """One endpoint's Glue."""

    name = "glue"
    refused: Mapping[str, str] = MappingProxyType({})

    def __init__(self, world: World) -> None:
        state = world.state
        self._kinds = kinds = {kind: Named(state, kind, title) for kind, title in _KINDS.items()}
        catalog, classifiers, logs = Catalog(state, world.account), Classifiers(state), Logs(world.s3)
        tags = Tags(state, world.account, kinds.values())
        bookmarks = Bookmarks(state, kinds["job"])
        self._runs = Runs(world, kinds["job"], bookmarks, logs)
        self._crawls = Crawls(world, kinds["crawler"], catalog, classifiers.engine, logs)
        self._crawlers = Crawlers(kinds["crawler"], self._crawls, classifiers, tags)
        self._firing = Firing(state, kinds["trigger"], kinds["job"], self._runs, self._crawlers.start)
        self._workflow_runs = WorkflowRuns(
            state, (kinds["workflow"], kinds["trigger"]), self._firing, self._runs, self._crawls
        )
        self._runs.ended, self._crawls.ended = self._job_ended, self._crawl_ended
        self._operations = operations_of(
            (
                CatalogCalls(catalog, tags),
                PartitionCalls(catalog),
                Functions(state, catalog),
                Connections(kinds["connection"], tags),
                classifiers,
                self._crawlers,
                Jobs(kinds["job"], self._runs, bookmarks, tags),
                bookmarks,
                Triggers(kinds, self._firing, tags),
                Workflows(kinds["workflow"], self._workflow_runs, tags),
                tags,
            )
        )
        self._clock = Clock(self._scheduled)
        self._clock.start()

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What is done."""
        return self._operations

    def close(self) -> None:
        """Stop the clock, the crawls and the runs."""
        self._clock.close()
        self._crawls.close()
        self._runs.close()

    def _job_ended(self, run: Document, workflow: Workflow) -> None:
        self._firing.job_ended(run, workflow)
        self._workflow_runs.settle(workflow)

    def _crawl_ended(self, crawler: str, status: str, by: str | None) -> None:
        self._firing.crawl_ended(crawler, status, by)
        self._workflow_runs.settle(workflow_of(by) if by else None)

    def _scheduled(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """The schedules that count: of crawlers, and of activated triggers."""
        for crawler in self._kinds["crawler"].all():
            if crawler.get("Schedule", {}).get("State") == "SCHEDULED":
                yield crawler["Schedule"]["ScheduleExpression"], lambda name=crawler["Name"]: self._start_crawler(name)  # type: ignore[misc]
        for trigger in self._kinds["trigger"].all():
            if (trigger["Type"], trigger["State"]) == ("SCHEDULED", "ACTIVATED"):
                yield trigger["Schedule"], lambda trigger=trigger: self._start_trigger(trigger)  # type: ignore[misc]

    def _start_crawler(self, name: str) -> None:
        try:
            self._crawlers.start(name)
        except AwsError:
            return  # it runs still: AWS passes the time over

    def _start_trigger(self, trigger: Document) -> None:
        name = trigger.get("WorkflowName")
        if name is None:
            self._firing.fire(trigger)
            return
        try:
            self._workflow_runs.start(self._kinds["workflow"].get(name), {})
        except AwsError:
            return  # as many runs go on as may


def create(world: World) -> Glue:
    """The service."""
    return Glue(world)
