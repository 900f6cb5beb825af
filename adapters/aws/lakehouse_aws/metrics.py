"""A run's figures for CloudWatch: one line of JSON in the job's log, from which CloudWatch itself makes metrics.

Source of the format: CloudWatch User Guide, "Specification: Embedded metric format".
"""

import json

from lakehouse_aws.ledger import TableRun
from lakehouse_core.contracts import Naming

NAMESPACE = "Lakehouse"


def table_run(naming: Naming, entity: str, record: TableRun, seconds: float, now: float) -> None:
    """Tell what a run of one table did; ``now`` in epoch seconds."""
    figures = {
        "RowsIn": (record.rows_in, "Count"),
        "Upserts": (record.upserts, "Count"),
        "Deletes": (record.deletes, "Count"),
        "Quarantined": (record.quarantined, "Count"),
        "Superseded": (record.superseded, "Count"),
        "RunSeconds": (round(seconds, 3), "Seconds"),
    }
    if record.as_of:
        figures["BronzeToSilverSeconds"] = (round(now - record.as_of.timestamp(), 3), "Seconds")
    _tell(figures, {"Deployment": naming.prefix, "Table": entity}, now)


def gold_run(naming: Naming, marts: int, seconds: float, behind: float, now: float) -> None:
    """Tell what a refresh of gold did; ``behind`` is how old its newest data is, in seconds."""
    figures = {
        "Marts": (marts, "Count"),
        "RunSeconds": (round(seconds, 3), "Seconds"),
        "SilverToGoldSeconds": (round(behind, 3), "Seconds"),
    }
    _tell(figures, {"Deployment": naming.prefix, "Layer": "gold"}, now)


def _tell(figures: dict[str, tuple[float, str]], dimensions: dict[str, str], now: float) -> None:
    metrics = [{"Name": name, "Unit": unit} for name, (_, unit) in figures.items()]
    directive = {"Namespace": NAMESPACE, "Dimensions": [[*dimensions]], "Metrics": metrics}
    head = {"_aws": {"Timestamp": int(now * 1000), "CloudWatchMetrics": [directive]}}
    print(json.dumps(head | dimensions | {name: value for name, (value, _) in figures.items()}))  # noqa: T201
