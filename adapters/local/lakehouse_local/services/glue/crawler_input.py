"""A crawler's definition: what is refused of it, what Glue fills in, and what it means to the engine."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lakehouse_local.engines.crawler import model
from lakehouse_local.services.glue import errors

Definition = Mapping[str, Any]

DEFAULTS: Definition = {
    "Classifiers": [],
    "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
    "LineageConfiguration": {"CrawlerLineageSettings": "DISABLE"},
    "LakeFormationConfiguration": {"UseLakeFormationCredentials": False, "AccountId": ""},
}
_TARGETS = (
    "S3Targets",
    "JdbcTargets",
    "MongoDBTargets",
    "DynamoDBTargets",
    "CatalogTargets",
    "DeltaTargets",
    "IcebergTargets",
    "HudiTargets",
)
_CRAWLED = {"S3Targets", "DeltaTargets", "HudiTargets"}
_NEW_FOLDERS = "CRAWL_NEW_FOLDERS_ONLY"
_ON_CHANGE: Mapping[str, Literal["update", "log"]] = {"UPDATE_IN_DATABASE": "update", "LOG": "log"}
_ON_DELETE: Mapping[str, Literal["deprecate", "delete", "log"]] = {
    "DEPRECATE_IN_DATABASE": "deprecate",
    "DELETE_FROM_DATABASE": "delete",
    "LOG": "log",
}


@dataclass(frozen=True)
class Configuration:
    """What ``Configuration`` says."""

    grouping: model.Grouping
    merge_columns: bool


def completed(definition: Definition) -> dict[str, Any]:
    """The definition with what Glue fills in.

    Raises InvalidInputException for what means nothing and for what this crawler does not do.
    """
    found = {**DEFAULTS, **definition}
    found["Targets"] = {**{name: [] for name in _TARGETS}, **_checked_targets(definition["Targets"])}
    new_folders = found["RecrawlPolicy"].get("RecrawlBehavior") == _NEW_FOLDERS
    if found["RecrawlPolicy"].get("RecrawlBehavior") == "CRAWL_EVENT_MODE":
        raise errors.invalid("CRAWL_EVENT_MODE is not done by the local endpoint's crawlers yet.")
    if new_folders:
        policy = {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"} | definition.get("SchemaChangePolicy", {})
        if set(policy.values()) != {"LOG"}:
            raise errors.invalid(
                'The SchemaChangePolicy for "Crawl new folders only" Amazon S3 target can have only LOG DeleteBehavior '
                "value and LOG UpdateBehavior value."
            )
    else:
        policy = {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DEPRECATE_IN_DATABASE"}
        policy |= definition.get("SchemaChangePolicy", {})
    found["SchemaChangePolicy"] = policy
    configuration(found)
    return found


def targets(definition: Definition) -> tuple[model.Target, ...]:
    """Where the engine looks."""
    given = definition["Targets"]
    return (
        *(
            model.PathTarget(each["Path"], tuple(each.get("Exclusions", ())), each.get("SampleSize"))
            for each in given["S3Targets"]
        ),
        *(
            model.HudiTarget(
                tuple(each["Paths"]), tuple(each.get("Exclusions", ())), each.get("MaximumTraversalDepth", 10)
            )
            for each in given["HudiTargets"]
        ),
        *(
            model.DeltaTarget(
                tuple(each["DeltaTables"]),
                native=each.get("CreateNativeDeltaTable", False),
                write_manifest=each.get("WriteManifest", False),
            )
            for each in given["DeltaTargets"]
        ),
    )


def policy(definition: Definition) -> model.Policy:
    """What a crawl may change."""
    given = definition["SchemaChangePolicy"]
    return model.Policy(
        on_change=_ON_CHANGE[given["UpdateBehavior"]],
        on_delete=_ON_DELETE[given["DeleteBehavior"]],
        merge_columns=configuration(definition).merge_columns,
    )


def only_new_folders(definition: Definition) -> bool:
    """Whether folders that a crawl has seen are passed over."""
    return bool(definition["RecrawlPolicy"].get("RecrawlBehavior") == _NEW_FOLDERS)


def configuration(definition: Definition) -> Configuration:
    """What ``Configuration``, a text, says; InvalidInputException for what is no JSON or is not known."""
    try:
        given = json.loads(definition.get("Configuration") or "{}")
        output, grouping = given.pop("CrawlerOutput", {}), given.pop("Grouping", {})
        tables, partitions = output.pop("Tables", {}), output.pop("Partitions", {})
        given.pop("Version", None)
        unknown = {*given, *output, *(set(grouping) - {"TableGroupingPolicy", "TableLevelConfiguration"})}
        behaviours = tables.get("AddOrUpdateBehavior"), partitions.get("AddOrUpdateBehavior")
        level = grouping.get("TableLevelConfiguration")
        combine = grouping.get("TableGroupingPolicy")
    except (ValueError, AttributeError, TypeError):
        raise errors.invalid("Configuration is not valid JSON of a crawler.") from None
    if unknown:
        raise errors.invalid(f"Configuration has {', '.join(sorted(unknown))}, which the local crawler does not know.")
    if behaviours[0] not in (None, "MergeNewColumns") or behaviours[1] not in (None, "InheritFromTable"):
        raise errors.invalid("AddOrUpdateBehavior is MergeNewColumns for Tables and InheritFromTable for Partitions.")
    if combine not in (None, "CombineCompatibleSchemas"):
        raise errors.invalid("TableGroupingPolicy is CombineCompatibleSchemas.")
    if level is not None and (not isinstance(level, int) or level < 1):
        raise errors.invalid("TableLevelConfiguration is a number from 1, the bucket.")
    grouped = model.Grouping(level=level, combine=combine is not None)
    return Configuration(grouped, merge_columns=behaviours[0] is not None)


def _checked_targets(given: Mapping[str, Any]) -> Mapping[str, Any]:
    kinds = [name for name, each in given.items() if each]
    if not kinds:
        raise errors.invalid("At least one crawl target must be specified.")
    if unknown := sorted(set(kinds) - _CRAWLED):
        raise errors.invalid(f"{', '.join(unknown)} are not crawled by the local endpoint yet.")
    for each in given.get("S3Targets", ()):
        if not each.get("Path", "").removeprefix("s3://"):
            raise errors.invalid("An S3 target needs a Path.")
        if each.get("EventQueueArn"):
            raise errors.invalid("EventQueueArn is not supported by the local endpoint's crawlers yet.")
        if not 1 <= each.get("SampleSize", 1) <= 249:
            raise errors.invalid("SampleSize is 1 to 249.")
    for name, member in (("HudiTargets", "Paths"), ("DeltaTargets", "DeltaTables")):
        if any(not each.get(member) for each in given.get(name, ())):
            raise errors.invalid(f"One of {name} has no {member}.")
    return given
