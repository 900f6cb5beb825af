"""Crawls under way, each in a thread of its own, and what became of earlier ones."""

import json
import statistics
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from lakehouse_core.errors import LakehouseError
from lakehouse_local.engines.crawler import run as engine
from lakehouse_local.engines.crawler.model import Classifier
from lakehouse_local.engines.crawler.objects import Objects
from lakehouse_local.services.account import key
from lakehouse_local.services.glue import crawler_input
from lakehouse_local.services.glue.catalog import Catalog
from lakehouse_local.services.glue.crawled_tables import Changes, Place, brought_to
from lakehouse_local.services.glue.named import Document, Named
from lakehouse_local.services.logs import Logs
from lakehouse_local.services.service import AwsError
from lakehouse_local.services.state import State
from lakehouse_local.services.world import World

GROUP = "/aws-glue/crawlers"
_ENDED = "the local endpoint ended while the crawler ran"
_CRAWL_STATES = {"SUCCEEDED": "COMPLETED", "FAILED": "FAILED", "CANCELLED": "STOPPED"}
"""How ListCrawls calls what LastCrawl calls otherwise."""

Ended = Callable[[str, str, str | None], None]
"""Called at a crawl's end with the crawler's name, its status and who had started it (None: a user)."""


@dataclass(frozen=True)
class _Crawl:
    """One crawl: its id, when it began, who started it, and whether it was asked to stop."""

    id: str
    started: float
    by: str | None
    stopping: threading.Event


class Crawls:
    """Runs the crawlers of ``crawlers``, whose State and LastCrawl it keeps."""

    def __init__(
        self, world: World, crawlers: Named, catalog: Catalog, classifier: Callable[[str], Classifier], logs: Logs
    ) -> None:
        self._world = world
        self._crawlers = crawlers
        self._catalog = catalog
        self._classifier = classifier
        self._logs = logs
        self._history = world.state.collection("glue.crawl")
        self._folders = world.state.collection("glue.crawl-folders")
        self._running: dict[str, tuple[_Crawl, threading.Thread]] = {}
        self._lock = threading.Lock()
        self.ended: Ended = lambda *_: None
        self._forget_what_was_running()

    def start(self, name: str, by: str | None = None) -> None:
        """Begin a crawl of a crawler that is READY (the caller has seen to it, and has set it to RUNNING)."""
        crawl = _Crawl(str(uuid.uuid4()), time.time(), by, threading.Event())
        self._note(name, crawl, {"State": "RUNNING"} | ({"by": by} if by else {}))
        thread = threading.Thread(target=self._crawl, args=(name, crawl), name=f"crawl {name}", daemon=True)
        with self._lock:
            self._running[name] = (crawl, thread)
        thread.start()

    def stop(self, name: str) -> None:
        """Ask a crawl to stop."""
        with self._lock:
            if name in self._running:
                self._running[name][0].stopping.set()

    def close(self) -> None:
        """Stop every crawl and wait for it."""
        with self._lock:
            running = list(self._running.values())
        for crawl, _ in running:
            crawl.stopping.set()
        for _, thread in running:
            thread.join(10)

    def history(self, name: str) -> list[Document]:
        """A crawler's crawls (CrawlerHistory), the newest first."""
        return [document["crawl"] for document in self._documents(name)]

    def started_by(self, whose: Callable[[str], bool]) -> list[tuple[str, Document]]:
        """The crawls (crawler's name, CrawlerHistory) that somebody started, the oldest first."""
        every = [(at.partition("\n")[0], document) for at, document in self._history.items()]
        found = [(name, document["crawl"]) for name, document in every if "by" in document and whose(document["by"])]
        return sorted(found, key=lambda each: float(each[1]["StartTime"]))

    def metrics(self, name: str) -> Document:
        """CrawlerMetrics."""
        ended = [each for each in self._documents(name) if "changes" in each]
        seconds = [each["crawl"]["EndTime"] - each["crawl"]["StartTime"] for each in ended]
        metrics: Document = {"CrawlerName": name, "TimeLeftSeconds": 0.0, "StillEstimating": False}
        changes = ended[0]["changes"] if ended else {}
        return metrics | {
            "LastRuntimeSeconds": seconds[0] if seconds else 0.0,
            "MedianRuntimeSeconds": statistics.median(seconds) if seconds else 0.0,
            "TablesCreated": changes.get("tables_created", 0),
            "TablesUpdated": changes.get("tables_updated", 0),
            "TablesDeleted": changes.get("tables_deleted", 0),
        }

    def elapsed(self, name: str) -> int:
        """Milliseconds since a running crawler's crawl began; 0 if it does not run."""
        with self._lock:
            found = self._running.get(name)
        return int((time.time() - found[0].started) * 1000) if found else 0

    def forget(self, name: str) -> None:
        """Drop what is kept of a crawler that is gone."""
        for at, _ in self._history.items(key(name, "")):
            self._history.delete(at)
        self._folders.delete(name)

    def _documents(self, name: str) -> list[Document]:
        return [document for _, document in reversed(self._history.items(key(name, "")))]

    def _crawl(self, name: str, crawl: _Crawl) -> None:
        prefix = crawl.id
        ship = self._logs.ship(GROUP, name)

        def say(line: str) -> None:
            ship([(time.time_ns() // 1_000_000, f"[{prefix}] {line}")])

        status, message, changes = "FAILED", None, None
        say("BENCHMARK : Running Start Crawl for Crawler " + name)
        try:
            changes = self._carried_out(name, crawl, say)
            status = "SUCCEEDED"
        except engine.Stopped:
            status = "CANCELLED"
        except (LakehouseError, AwsError) as error:
            message = error.message
        except Exception as error:  # noqa: BLE001 - a crawl ends FAILED, whatever it was
            message = f"{type(error).__name__}: {error}"
        say(f"ERROR : {message}" if message else f"BENCHMARK : Crawler has finished running: {status}")
        self._finish(name, crawl, status, message, changes)

    def _carried_out(self, name: str, crawl: _Crawl, say: Callable[[str], None]) -> Changes:
        definition = self._crawlers.get(name)
        new_folders = crawler_input.only_new_folders(definition)
        seen = frozenset((self._folders.get(name) or {}).get("folders", ())) if new_folders else frozenset()
        found = engine.crawl(
            Objects(self._world.s3),
            crawler_input.targets(definition),
            [self._classifier(each) for each in definition["Classifiers"]],
            prefix=definition.get("TablePrefix", ""),
            grouping=crawler_input.configuration(definition).grouping,
            seen=seen,
            say=say,
            stopping=crawl.stopping.is_set,
        )
        if crawl.stopping.is_set():
            raise engine.Stopped
        changes = brought_to(
            self._catalog,
            Place(name, definition.get("DatabaseName", "default")),
            found.tables,
            crawler_input.policy(definition),
            everything=not new_folders,
            say=say,
        )
        self._folders.put(name, {"folders": sorted(seen | found.folders)})
        return changes

    def _finish(self, name: str, crawl: _Crawl, status: str, message: str | None, changes: Changes | None) -> None:
        ended = time.time()
        why = {"ErrorMessage": message} if message else {}
        last = {"Status": status, "StartTime": crawl.started, **_where(name, crawl), **why}
        done = {"State": _CRAWL_STATES[status], "EndTime": ended, **why}
        if changes is not None:
            done["Summary"] = json.dumps({"TABLE": _summary(changes)})
        self._note(name, crawl, done, {"changes": asdict(changes)} if changes else {})
        with self._lock:
            self._running.pop(name, None)
        if name in self._crawlers:
            self._crawlers.change(name, lambda old: {**old, "State": "READY", "LastCrawl": last})
        self.ended(name, status, crawl.by)

    def _note(self, name: str, crawl: _Crawl, done: Document, own: Document | None = None) -> None:
        """Write down how a crawl stands."""
        by = done.pop("by", None) or crawl.by
        shown = {"CrawlId": crawl.id, "StartTime": crawl.started, **_where(name, crawl), **done}
        self._history.put(
            key(name, f"{crawl.started:020.6f}"), {"crawl": shown, **(own or {}), **({"by": by} if by else {})}
        )

    def _forget_what_was_running(self) -> None:
        """Crawls that ran when the endpoint ended have failed."""
        state: State = self._world.state
        with state.transaction():
            for at, document in self._history.items():
                if document["crawl"]["State"] == "RUNNING":
                    done = {"State": "FAILED", "EndTime": time.time(), "ErrorMessage": _ENDED}
                    self._history.put(at, {**document, "crawl": {**document["crawl"], **done}})
            for each in self._crawlers.all():
                if each["State"] != "READY":
                    crawl = self.history(each["Name"])[0]
                    last = {"Status": "FAILED", "ErrorMessage": _ENDED, "StartTime": crawl["StartTime"]}
                    where = {name: crawl[name] for name in ("LogGroup", "LogStream", "MessagePrefix")}
                    self._crawlers.change(
                        each["Name"],
                        lambda old, last=last | where: {**old, "State": "READY", "LastCrawl": last},  # type: ignore[misc]
                    )


def _where(name: str, crawl: _Crawl) -> Document:
    return {"LogGroup": GROUP, "LogStream": name, "MessagePrefix": crawl.id}


def _summary(changes: Changes) -> dict[str, Any]:
    return {
        "CREATE": changes.tables_created,
        "UPDATE": changes.tables_updated,
        "DELETE": changes.tables_deleted,
        "PARTITION_CREATE": changes.partitions_created,
        "PARTITION_DELETE": changes.partitions_deleted,
    }
