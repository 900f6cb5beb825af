"""A trigger's definition: what is refused of it."""

from collections.abc import Callable, Mapping
from typing import Any

from lakehouse_local.engines.schedule import cron
from lakehouse_local.services.glue import errors
from lakehouse_local.services.glue.named import Named

Definition = Mapping[str, Any]

JOB_STATES = ("SUCCEEDED", "STOPPED", "FAILED", "TIMEOUT")
CRAWL_STATES = ("SUCCEEDED", "FAILED", "CANCELLED")
_MOST_CRAWLERS = 2


def check(definition: Definition, jobs: Named, crawlers: Named) -> None:
    """InvalidInputException for what means nothing, EntityNotFoundException for jobs and crawlers that there are not."""
    checks: Mapping[str, Callable[[Definition, Named, Named], None]] = {
        "SCHEDULED": lambda *given: _scheduled(given[0]),
        "CONDITIONAL": _conditional,
        "ON_DEMAND": lambda *_: None,
    }
    kind = definition["Type"]
    if kind not in checks:
        raise errors.invalid(f"Triggers of type {kind} are not done by the local endpoint yet.")
    checks[kind](definition, jobs, crawlers)
    if definition.get("EventBatchingCondition"):
        raise errors.invalid("EventBatchingCondition belongs to EVENT triggers.")
    actions = definition.get("Actions", ())
    if not actions:
        raise errors.invalid("A trigger needs at least one action.")
    for action in actions:
        _names_one(action, jobs, crawlers)
    if sum("CrawlerName" in action for action in actions) > _MOST_CRAWLERS:
        raise errors.invalid(f"A trigger starts at most {_MOST_CRAWLERS} crawlers.")


def _scheduled(definition: Definition) -> None:
    try:
        cron.parse(definition.get("Schedule", ""))
    except cron.ScheduleInvalid as error:
        raise errors.invalid(error.message) from None


def _conditional(definition: Definition, jobs: Named, crawlers: Named) -> None:
    conditions = definition.get("Predicate", {}).get("Conditions", ())
    if not conditions:
        raise errors.invalid("A CONDITIONAL trigger needs a predicate with conditions.")
    if len(conditions) > 1 and "Logical" not in definition["Predicate"]:
        raise errors.invalid("A predicate with more than one condition needs Logical: AND or ANY.")
    for condition in conditions:
        _names_one(condition, jobs, crawlers)
        state, known = (
            (condition.get("State"), JOB_STATES)
            if "JobName" in condition
            else (condition.get("CrawlState"), CRAWL_STATES)
        )
        if state not in known:
            raise errors.invalid(f"A condition waits for one of {', '.join(known)}, not for {state}.")


def _names_one(part: Definition, jobs: Named, crawlers: Named) -> None:
    if ("JobName" in part) == ("CrawlerName" in part):
        raise errors.invalid("An action or condition names a job or a crawler.")
    if "JobName" in part:
        jobs.get(part["JobName"])
    else:
        crawlers.get(part["CrawlerName"])
