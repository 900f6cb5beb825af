"""Lineage as OpenLineage tells it: one JobEvent for each dataset, with its column lineage and the columns that name people.

Formats: OpenLineage 2-0-2 (JobEvent), facets ColumnLineageDatasetFacet 1-2-0, SchemaDatasetFacet 1-1-1, TagsDatasetFacet 1-0-0.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lakehouse_local.lineage.graph import Column, Lineage

NAMESPACE = "lakehouse"
_SPEC = "https://openlineage.io/spec"
PRODUCER = "urn:lakehouse:lineage"


def events(lineage: Lineage, at: datetime) -> Iterator[dict[str, Any]]:
    """The events of everything that is computed, by dataset; ``at`` is when it was looked at."""
    computed = sorted({column.dataset for column in lineage.columns})
    for dataset in computed:
        columns = sorted(column for column in lineage.columns if column.dataset == dataset)
        deciding = lineage.rows.get(dataset, frozenset())
        before = {each.dataset for column in columns for each in lineage.before(column)} | {c.dataset for c in deciding}
        facets = {
            "schema": _facet("SchemaDatasetFacet", "1-1-1") | {"fields": [{"name": each.name} for each in columns]},
            "columnLineage": _facet("ColumnLineageDatasetFacet", "1-2-0")
            | {
                "fields": {each.name: {"inputFields": _inputs(lineage.before(each), "DIRECT")} for each in columns},
                "dataset": _inputs(deciding, "INDIRECT"),
            },
            "tags": _facet("TagsDatasetFacet", "1-0-0")
            | {
                "tags": [
                    {"key": "pii", "value": "true", "field": each.name} for each in columns if each in lineage.people
                ]
            },
        }
        yield {
            "eventTime": at.isoformat(),
            "producer": PRODUCER,
            "schemaURL": f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/JobEvent",
            "job": {"namespace": NAMESPACE, "name": dataset},
            "inputs": [{"namespace": NAMESPACE, "name": name} for name in sorted(before)],
            "outputs": [{"namespace": NAMESPACE, "name": dataset, "facets": facets}],
        }


def _inputs(columns: frozenset[Column], kind: str) -> list[dict[str, Any]]:
    return [
        {"namespace": NAMESPACE, "name": each.dataset, "field": each.name, "transformations": [{"type": kind}]}
        for each in sorted(columns)
    ]


def _facet(name: str, version: str) -> dict[str, str]:
    return {"_producer": PRODUCER, "_schemaURL": f"{_SPEC}/facets/{version}/{name}.json#/$defs/{name}"}
