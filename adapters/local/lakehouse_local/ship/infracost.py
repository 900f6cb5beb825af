"""The usage that a measured run foretells, in the file that infracost reads (``--usage-file``).

The format: https://www.infracost.io/docs/features/usage_based_resources/ (version 0.1). It is YAML, of which JSON is a part.
"""

import json
from typing import Any

from lakehouse_local.ship.bill import Assumptions, crawl_hours, job_hours
from lakehouse_local.ship.measured import LAYERS, Measured, role
from lakehouse_local.ship.plan import Plan
from lakehouse_local.ship.prices import GB


def usage(plan: Plan, measured: Measured, assumed: Assumptions) -> str:
    """The file's text: expected use of each planned resource whose bill follows from its use."""
    starts = plan.starts_per_month()
    found: dict[str, Any] = {}
    for job in plan.of("aws_glue_job"):
        seconds = measured.job(role(job.values["name"]))
        if seconds:
            hours = job_hours(seconds, starts.get(job.values["name"], 0.0)).expected
            found[job.address] = {"monthly_hours": round(hours, 2)}
    for crawler in plan.of("aws_glue_crawler"):
        name = crawler.values["name"]
        hours = crawl_hours(measured, name, starts.get(name, 0.0))
        found[crawler.address] = {"monthly_hours": round(hours, 2)}
    for layer in LAYERS:
        for bucket in plan.buckets(layer):
            gigabytes = measured.stored[layer].bytes * assumed.months_kept / GB
            found[bucket.address] = {"standard": {"storage_gb": round(gigabytes, 3)}}
    return json.dumps({"version": "0.1", "resource_usage": found}, indent=2) + "\n"
