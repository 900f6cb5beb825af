"""What the lake used so far, asked of AWS's own APIs: of the local endpoint, or of an account that already runs it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

_ROLE = re.compile(r"-((?:bronze|silver|gold)(?:-[a-z-]+)?)$")
LAYERS = ("bronze", "silver", "gold")
Client = Callable[[str], Any]
"""Gives a boto3 client of a service."""


@dataclass(frozen=True)
class Stored:
    """A bucket's bytes and objects."""

    bytes: int
    objects: int


@dataclass(frozen=True)
class Measured:
    """Seconds of each run that succeeded, by the job's role; of the newest crawl, by the crawler's; bytes of each query."""

    stored: Mapping[str, Stored]
    job_seconds: Mapping[str, tuple[int, ...]]
    crawl_seconds: Mapping[str, float]
    query_bytes: tuple[int, ...]
    repeated_queries: float
    """Which part of the queries asked what another had asked before: 0 to 1."""

    def job(self, name: str) -> tuple[float, float, float] | None:
        """The least, mean and most seconds of a job's runs; None if none succeeded."""
        runs = self.job_seconds.get(name)
        return (min(runs), fmean(runs), max(runs)) if runs else None


def role(name: str) -> str:
    """What a job or crawler does, without its deployment's name.

    >>> role("lakehouse-poc-dev-silver-order-item"), role("shop-prod-gold"), role("shop-prod-bronze-crawler")
    ('silver-order-item', 'gold', 'bronze-crawler')
    """
    found = _ROLE.search(name)
    return found[1] if found else name


def measure(client: Client, buckets: Mapping[str, str]) -> Measured:
    """Ask S3 (of the bucket of each layer), Glue and Athena what is there."""
    return Measured(
        {layer: _stored(client("s3"), buckets[layer]) for layer in LAYERS},
        _jobs(client("glue")),
        _crawls(client("glue")),
        *_queries(client("athena")),
    )


def _stored(s3: Any, bucket: str) -> Stored:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    sizes = [item["Size"] for page in pages for item in page.get("Contents", ())]
    return Stored(sum(sizes), len(sizes))


def _jobs(glue: Any) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for page in glue.get_paginator("get_jobs").paginate():
        for job in page["Jobs"]:
            runs = glue.get_paginator("get_job_runs").paginate(JobName=job["Name"])
            done = [each for page in runs for each in page["JobRuns"] if each["JobRunState"] == "SUCCEEDED"]
            if done:
                found[role(job["Name"])] = tuple(each["ExecutionTime"] for each in done)
    return found


def _crawls(glue: Any) -> dict[str, float]:
    pages = glue.get_paginator("get_crawler_metrics").paginate()
    found = {each["CrawlerName"]: each for page in pages for each in page["CrawlerMetricsList"]}
    return {role(name): each["LastRuntimeSeconds"] for name, each in found.items() if each.get("LastRuntimeSeconds")}


def _queries(athena: Any) -> tuple[tuple[int, ...], float]:
    scanned: list[int] = []
    texts: list[str] = []
    groups = [each["Name"] for each in athena.list_work_groups()["WorkGroups"]]
    for group in groups:
        for page in athena.get_paginator("list_query_executions").paginate(
            WorkGroup=group, PaginationConfig={"MaxItems": 1000}
        ):
            ids = page["QueryExecutionIds"]
            for start in range(0, len(ids), 50):
                batch = athena.batch_get_query_execution(QueryExecutionIds=ids[start : start + 50])
                for each in batch["QueryExecutions"]:
                    if each["Status"]["State"] == "SUCCEEDED" and each["StatementType"] == "DML":
                        scanned.append(each["Statistics"].get("DataScannedInBytes", 0))
                        texts.append(each["Query"])
    repeated = 1 - len(set(texts)) / len(texts) if texts else 0.0
    return tuple(scanned), repeated
