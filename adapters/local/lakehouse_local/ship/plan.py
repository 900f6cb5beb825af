"""What Terraform plans, read from its JSON: the resources that the bill follows from, and how often work is started.

The format: https://developer.hashicorp.com/terraform/internals/json-format (``planned_values``).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lakehouse_local.engines.schedule import cron
from lakehouse_local.ship.errors import PlanInvalid
from lakehouse_local.ship.prices import HOURS

_HOW = (
    "terraform -chdir=infra/terraform/envs/aws plan -out=tfplan && terraform -chdir=... show -json tfplan > plan.json"
)
_DOCUMENT = "aws_iam_policy_document"
_DAYS = 28
"""Whole weeks, so that schedules by weekday count right."""


@dataclass(frozen=True)
class Resource:
    """One planned resource."""

    address: str
    type: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """A plan's managed resources, and the policy documents that are known only in part before an apply."""

    resources: tuple[Resource, ...]
    documents: tuple[Resource, ...] = ()

    def of(self, kind: str) -> tuple[Resource, ...]:
        """The resources of a type."""
        return tuple(each for each in self.resources if each.type == kind)

    def buckets(self, layer: str) -> tuple[Resource, ...]:
        """The planned buckets of a layer."""
        return tuple(each for each in self.of("aws_s3_bucket") if f"-{layer}-" in str(each.values.get("bucket")))

    def bucket(self, layer: str) -> str:
        """The name of a layer's bucket; PlanInvalid where none is planned."""
        for each in self.buckets(layer):
            return str(each.values["bucket"])
        raise PlanInvalid(f"the plan has no bucket for {layer}", hint=f"plan the environment's whole: {_HOW}")

    def starts_per_month(self) -> dict[str, float]:
        """How often a month each job and crawler is started, by its name.

        What a scheduled trigger starts, starts as often as its schedule says; what a conditional one of the same
        workflow starts, as often again. A crawler may also have a schedule of its own.
        """
        triggers = [each.values for each in self.of("aws_glue_trigger") if each.values.get("enabled", True)]
        rates: dict[str | None, float] = {}
        for each in triggers:
            if each["type"] == "SCHEDULED":
                workflow = each.get("workflow_name")
                rates[workflow] = rates.get(workflow, 0.0) + _per_month(each["schedule"])
        starts: dict[str, float] = {}
        for each in triggers:
            scheduled = each["type"] == "SCHEDULED"
            rate = _per_month(each["schedule"]) if scheduled else rates.get(each.get("workflow_name"), 0.0)
            for action in each.get("actions", ()):
                name = action.get("job_name") or action.get("crawler_name")
                if name:
                    starts[name] = starts.get(name, 0.0) + rate
        for crawler in self.of("aws_glue_crawler"):
            if schedule := crawler.values.get("schedule"):
                name = crawler.values["name"]
                starts[name] = starts.get(name, 0.0) + _per_month(schedule)
        return starts


def read(path: Path) -> Plan:
    """The plan in a file that ``terraform show -json`` wrote; PlanInvalid where it is none, or plans nothing."""
    try:
        found = json.loads(path.read_text())
        root = found["planned_values"]["root_module"]
    except OSError as error:
        raise PlanInvalid(f"{path} cannot be read: {error.strerror}", hint=f"make it: {_HOW}") from None
    except (ValueError, KeyError, TypeError):
        raise PlanInvalid(f"{path} is not Terraform's JSON of a plan", hint=f"make it: {_HOW}") from None
    resources = tuple(_resources(root, "managed"))
    if not resources:
        raise PlanInvalid(f"{path} plans no resource", hint=f"plan the environment's whole: {_HOW}")
    return Plan(resources, tuple(each for each in _resources(root, "data") if each.type == _DOCUMENT))


def _resources(module: Mapping[str, Any], mode: str) -> Iterator[Resource]:
    for each in module.get("resources", ()):
        if each.get("mode") == mode:
            yield Resource(each["address"], each["type"], each.get("values", {}))
    for child in module.get("child_modules", ()):
        yield from _resources(child, mode)


def _per_month(schedule: str) -> float:
    """How often a month a schedule fires."""
    parsed = cron.parse(schedule)
    moment = start = datetime(2025, 1, 1, tzinfo=UTC)
    count = 0
    while (following := parsed.after(moment)) is not None and following <= start + timedelta(days=_DAYS):
        moment, count = following, count + 1
    return count * HOURS / (_DAYS * 24)
