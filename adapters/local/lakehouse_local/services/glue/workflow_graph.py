"""A workflow as a graph of its triggers, jobs and crawlers, and a run of it in numbers."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lakehouse_local.services.glue.named import Document

Trigger = Mapping[str, Any]

CRAWL_STATES = {"RUNNING": "RUNNING", "COMPLETED": "SUCCEEDED", "FAILED": "FAILED", "STOPPED": "CANCELLED"}
"""How a workflow calls the states of ListCrawls."""
_COUNTED = {
    "TimeoutActions": {"TIMEOUT"},
    "FailedActions": {"FAILED"},
    "StoppedActions": {"STOPPED", "CANCELLED"},
    "SucceededActions": {"SUCCEEDED"},
    "RunningActions": {"RUNNING", "STARTING", "STOPPING", "CANCELLING"},
    "ErroredActions": {"ERROR"},
    "WaitingActions": {"WAITING"},
}


def graph(
    triggers: Sequence[Trigger], runs: Iterable[Document] = (), crawls: Iterable[tuple[str, Document]] = ()
) -> Document:
    """The WorkflowGraph; with the runs and crawls of one run of the workflow, if there is one."""
    nodes: dict[tuple[str, str], Document] = {}
    edges = []
    for trigger in triggers:
        here = _node(nodes, "TRIGGER", trigger["Name"])
        here["TriggerDetails"] = {"Trigger": dict(trigger)}
        conditions = trigger.get("Predicate", {}).get("Conditions", ())
        edges += [(here, _node(nodes, *_named(action))) for action in trigger["Actions"]]
        edges += [(_node(nodes, *_named(condition)), here) for condition in conditions]
    for run in runs:
        if ("JOB", run["JobName"]) in nodes:
            nodes["JOB", run["JobName"]].setdefault("JobDetails", {"JobRuns": []})["JobRuns"].append(run)
    for name, crawl in crawls:
        if ("CRAWLER", name) in nodes:
            nodes["CRAWLER", name].setdefault("CrawlerDetails", {"Crawls": []})["Crawls"].append(_crawl(crawl))
    return {
        "Nodes": list(nodes.values()),
        "Edges": [{"SourceId": source["UniqueId"], "DestinationId": target["UniqueId"]} for source, target in edges],
    }


def statistics(triggers: Iterable[Trigger], states: Iterable[str]) -> Document:
    """WorkflowRunStatistics: the actions of all triggers, and how those that were started stand."""
    found = Counter(states)
    counts = {name: sum(found[state] for state in counted) for name, counted in _COUNTED.items()}
    return {"TotalActions": sum(len(trigger["Actions"]) for trigger in triggers), **counts}


def _named(part: Mapping[str, str]) -> tuple[str, str]:
    return ("JOB", part["JobName"]) if "JobName" in part else ("CRAWLER", part["CrawlerName"])


def _node(nodes: dict[tuple[str, str], Document], kind: str, name: str) -> Document:
    unique = f"wnode_{hashlib.sha256(f'{kind} {name}'.encode()).hexdigest()}"
    return nodes.setdefault((kind, name), {"Type": kind, "Name": name, "UniqueId": unique})


def _crawl(crawl: Document) -> Document:
    shown = {
        "State": CRAWL_STATES[crawl["State"]],
        "StartedOn": crawl["StartTime"],
        "CompletedOn": crawl.get("EndTime"),
    }
    shown |= {name: crawl.get(name) for name in ("ErrorMessage", "LogGroup", "LogStream")}
    return {name: value for name, value in shown.items() if value is not None}
