"""The calls of crawlers."""

import time
from collections.abc import Mapping
from typing import Any

from lakehouse_local.engines.schedule import cron
from lakehouse_local.services.glue import crawler_input, errors
from lakehouse_local.services.glue.calls import Answer, Request, call, paged
from lakehouse_local.services.glue.classifiers import Classifiers
from lakehouse_local.services.glue.crawls import Crawls
from lakehouse_local.services.glue.named import Document, Named
from lakehouse_local.services.glue.tags import Tags
from lakehouse_local.services.service import AwsError

_STARTED = "Crawler with name {} has already started"
_REFUSALS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("start", "RUNNING"): ("CrawlerRunningException", _STARTED),
    ("start", "STOPPING"): ("CrawlerRunningException", _STARTED),
    ("stop", "READY"): ("CrawlerNotRunningException", "Crawler with name {} is not running"),
    ("stop", "STOPPING"): ("CrawlerStoppingException", "Crawler with name {} is already stopping"),
    ("change", "RUNNING"): ("CrawlerRunningException", "Crawler with name {} is running"),
    ("change", "STOPPING"): ("CrawlerRunningException", "Crawler with name {} is running"),
}
"""What cannot be done to a crawler in a state, and how Glue says so."""
_COMPARED = {
    "EQ": lambda left, right: left == right,
    "NE": lambda left, right: left != right,
    "GT": lambda left, right: left > right,
    "GE": lambda left, right: left >= right,
    "LT": lambda left, right: left < right,
    "LE": lambda left, right: left <= right,
}
_FILTERED = {
    "CRAWL_ID": lambda crawl: crawl["CrawlId"],
    "STATE": lambda crawl: crawl["State"],
    "START_TIME": lambda crawl: crawl["StartTime"] * 1000,
    "END_TIME": lambda crawl: crawl.get("EndTime", 0) * 1000,
}


class Crawlers:
    """The calls, over the crawlers' documents and their crawls."""

    def __init__(self, crawlers: Named, crawls: Crawls, classifiers: Classifiers, tags: Tags) -> None:
        self._crawlers = crawlers
        self._crawls = crawls
        self._classifiers = classifiers
        self._tags = tags

    def start(self, name: str, by: str | None = None) -> None:
        """Start a crawler; CrawlerRunningException if it runs."""
        self._crawlers.change(name, lambda old: _allowed("start", old) | {"State": "RUNNING"})
        self._crawls.start(name, by)

    @call
    def create_crawler(self, request: Request) -> Answer:
        """Create a crawler."""
        name, now = request["Name"], time.time()
        given = {member: value for member, value in request.items() if member not in {"Tags", "Schedule"}}
        document = self._completed(given) | {"State": "READY"}
        document |= {"CreationTime": now, "LastUpdated": now, "Version": 1}
        if request.get("Schedule"):
            document["Schedule"] = _schedule(request["Schedule"])
        self._crawlers.add(name, document)
        self._tags.set("crawler", name, request.get("Tags"))
        return {}

    @call
    def update_crawler(self, request: Request) -> Answer:
        """Replace what is given of a crawler."""
        given = {member: value for member, value in request.items() if member != "Schedule"}

        def changed(old: Document) -> Document:
            _allowed("change", old)
            own = ("State", "CreationTime", "LastUpdated", "Version", "LastCrawl", "Schedule")
            kept = {member: old[member] for member in own if member in old}
            defined = {member: value for member, value in old.items() if member not in own}
            document = self._completed({**defined, **given}) | kept
            document |= {"LastUpdated": time.time(), "Version": old["Version"] + 1}
            if "Schedule" in request:
                document.pop("Schedule", None)
                if request["Schedule"]:
                    document["Schedule"] = _schedule(request["Schedule"])
            return document

        self._crawlers.change(request["Name"], changed)
        return {}

    @call
    def delete_crawler(self, request: Request) -> Answer:
        """Delete a crawler; its tables stay."""
        name = request["Name"]
        self._crawlers.change(name, lambda old: _allowed("change", old))
        self._crawlers.remove(name)
        self._crawls.forget(name)
        self._tags.forget("crawler", name)
        return {}

    @call
    def get_crawler(self, request: Request) -> Answer:
        """One crawler."""
        return {"Crawler": self._shown(self._crawlers.get(request["Name"]))}

    @call
    def get_crawlers(self, request: Request) -> Answer:
        """All crawlers."""
        return paged(request, "Crawlers", [self._shown(each) for each in self._crawlers.all()])

    @call
    def batch_get_crawlers(self, request: Request) -> Answer:
        """Crawlers by name, and the names that there are not."""
        names = request["CrawlerNames"]
        found = [self._shown(each) for name in names if (each := self._crawlers.find(name))]
        return {"Crawlers": found, "CrawlersNotFound": [name for name in names if name not in self._crawlers]}

    @call
    def list_crawlers(self, request: Request) -> Answer:
        """The names of all crawlers, or of those with tags."""
        wanted = (request.get("Tags") or {}).items()
        names = [each["Name"] for each in self._crawlers.all()]
        return paged(
            request, "CrawlerNames", [name for name in names if wanted <= self._tags.of("crawler", name).items()]
        )

    @call
    def start_crawler(self, request: Request) -> Answer:
        """Start a crawler."""
        self.start(request["Name"])
        return {}

    @call
    def stop_crawler(self, request: Request) -> Answer:
        """Ask a crawler to stop."""
        name = request["Name"]
        self._crawlers.change(name, lambda old: _allowed("stop", old) | {"State": "STOPPING"})
        self._crawls.stop(name)
        return {}

    @call
    def get_crawler_metrics(self, request: Request) -> Answer:
        """Metrics of crawlers by name, or of all."""
        names = request.get("CrawlerNameList") or [each["Name"] for each in self._crawlers.all()]
        found = [self._crawls.metrics(name) for name in names if name in self._crawlers]
        return paged(request, "CrawlerMetricsList", found)

    @call
    def list_crawls(self, request: Request) -> Answer:
        """A crawler's crawls, the newest first."""
        self._crawlers.get(request["CrawlerName"])
        found = self._crawls.history(request["CrawlerName"])
        for each in request.get("Filters", ()):
            found = [crawl for crawl in found if _passes(crawl, each)]
        return paged(request, "Crawls", found, default=20)

    @call
    def update_crawler_schedule(self, request: Request) -> Answer:
        """Give a crawler a schedule, or take it away."""
        text = request.get("Schedule")

        def changed(old: Document) -> Document:
            kept = {member: value for member, value in old.items() if member != "Schedule"}
            return {**kept, **({"Schedule": _schedule(text)} if text else {})}

        self._crawlers.change(request["CrawlerName"], changed)
        return {}

    @call
    def start_crawler_schedule(self, request: Request) -> Answer:
        """Let a crawler's schedule count."""
        self._switch(request["CrawlerName"], "SCHEDULED", "SchedulerRunningException")
        return {}

    @call
    def stop_crawler_schedule(self, request: Request) -> Answer:
        """Let a crawler's schedule rest."""
        self._switch(request["CrawlerName"], "NOT_SCHEDULED", "SchedulerNotRunningException")
        return {}

    def _switch(self, name: str, state: str, refusal: str) -> None:
        def changed(old: Document) -> Document:
            schedule = old.get("Schedule")
            if schedule is None:
                code = "NoScheduleException" if state == "SCHEDULED" else refusal
                raise AwsError(code, f"Crawler with name {name} has no schedule")
            if schedule["State"] == state:
                raise AwsError(refusal, f"The schedule of crawler {name} is {state} already")
            return {**old, "Schedule": {**schedule, "State": state}}

        self._crawlers.change(name, changed)

    def _shown(self, crawler: Document) -> Document:
        return {**crawler, "CrawlElapsedTime": self._crawls.elapsed(crawler["Name"])}

    def _completed(self, definition: Mapping[str, Any]) -> Document:
        found = crawler_input.completed(definition)
        for name in found["Classifiers"]:
            if name not in self._classifiers:
                raise errors.invalid(f"Classifier {name} does not exist.")
        return found


def _allowed(what: str, crawler: Document) -> Document:
    """The crawler, if that can be done to it in its state."""
    refusal = _REFUSALS.get((what, crawler["State"]))
    if refusal:
        raise AwsError(refusal[0], refusal[1].format(crawler["Name"]))
    return crawler


def _schedule(text: str) -> Document:
    try:
        cron.parse(text)
    except cron.ScheduleInvalid as error:
        raise errors.invalid(error.message) from None
    return {"ScheduleExpression": text, "State": "SCHEDULED"}


def _passes(crawl: Document, wanted: Mapping[str, str]) -> bool:
    try:
        found = _FILTERED[wanted["FieldName"]](crawl)
        return bool(_COMPARED[wanted["FilterOperator"]](found, type(found)(wanted["FieldValue"])))
    except (KeyError, ValueError):
        raise errors.invalid(f"The filter {dict(wanted)} is not complete, or compares with no value.") from None
