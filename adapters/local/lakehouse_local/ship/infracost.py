"""The usage that a measured run foretells, in the file that infracost reads (``--usage-file``).

The format: https://www.infracost.io/docs/features/usage_based_resources/ (version 0.1). It is YAML, of which JSON is a part.
"""

import json
from typing import Any

from lakehouse_local.ship.bill import Assumptions
from lakehouse_local.ship.measured import LAYERS, Measured, role
from lakehouse_local.ship.plan import Plan
from lakehouse_local.ship.prices import CRAWL_FLOOR, JOB_FLOOR

_GB = 10**9


def usage(plan: Plan, measured: Measured, assumed: Assumptions) -> str:
    """The file's text: expected use of each planned resource whose bill follows from its use."""
    starts = plan.starts_per_month()
    found: dict[str, Any] = {}
    for job in plan.of("aws_glue_job"):
        seconds = measured.job(role(job.values["name"]))
        if seconds:
            hours = max(JOB_FLOOR, seconds[1]) * starts.get(job.values["name"], 0.0) / 3600
            found[job.address] = {"monthly_hours": round(hours, 2)}
    for crawler in plan.of("aws_glue_crawler"):
        name = crawler.values["name"]
        hours = max(CRAWL_FLOOR, measured.crawl_seconds.get(role(name), 0)) * starts.get(name, 0.0) / 3600
        found[crawler.address] = {"monthly_hours": round(hours, 2)}
    for bucket in plan.of("aws_s3_bucket"):
        layer = next((layer for layer in LAYERS if f"-{layer}-" in str(bucket.values.get("bucket"))), None)
        if layer:
            gigabytes = measured.stored[layer].bytes * assumed.months_kept / _GB
            found[bucket.address] = {"standard": {"storage_gb": round(gigabytes, 3)}}
    return json.dumps({"version": "0.1", "resource_usage": found}, indent=2) + "\n"
