"""What a crawl found, as the catalog's shapes, and the catalog brought to it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lakehouse_local.engines.crawler import plan as plans
from lakehouse_local.engines.crawler.model import Column, FoundPartition, FoundTable, KnownTable, Policy
from lakehouse_local.engines.crawler.names import distinct
from lakehouse_local.services.glue.catalog import Catalog
from lakehouse_local.services.service import AwsError

MARK, DEPRECATED = "UPDATED_BY_CRAWLER", "DEPRECATED_BY_CRAWLER"
Table = Mapping[str, Any]


@dataclass(frozen=True)
class Changes:
    """How many tables and partitions a crawl changed."""

    tables_created: int
    tables_updated: int
    tables_deleted: int
    partitions_created: int
    partitions_deleted: int


@dataclass(frozen=True)
class Place:
    """Whose tables these are: the crawler's name, in a database."""

    crawler: str
    database: str


def brought_to(
    catalog: Catalog,
    place: Place,
    found: Sequence[FoundTable],
    policy: Policy,
    *,
    everything: bool,
    say: Callable[[str], None],
) -> Changes:
    """Bring the catalog to what was found, under the policy, and say what was changed and what was not."""
    try:
        catalog.database(place.database)
    except AwsError:
        say(f"Creating database {place.database}")
        catalog.create_database({"Name": place.database})
    before = {table["Name"]: table for table in catalog.tables(place.database)}
    mine = [_free(table, before, place.crawler) for table in found]
    known = [
        _known(catalog, table)
        for table in before.values()
        if _is_of(table, place.crawler) or any((each.name, each.location) == _identity(table) for each in mine)
    ]
    plan = plans.plan(mine, known, policy, everything=everything)
    for line in plan.log:
        say(line)
    _carry_out(catalog, place, plan, say)
    new_partitions = sum(len(each) for _, each in plan.partitions) + sum(len(each.partitions) for each in plan.create)
    return Changes(
        len(plan.create),
        len(plan.update) + len(plan.deprecate),
        len(plan.delete),
        new_partitions,
        sum(len(each) for _, each in plan.gone),
    )


def _carry_out(catalog: Catalog, place: Place, plan: plans.Plan, say: Callable[[str], None]) -> None:
    for table in plan.create:
        say(f"Created table {table.name} in database {place.database}")
        catalog.create_table(place.database, _input(table, place.crawler))
        _add(catalog, place.database, table.name, table.partitions)
    for table in plan.update:
        say(f"Updated table {table.name} in database {place.database}")
        catalog.update_table(place.database, _input(table, place.crawler))
    for name, partitions in plan.partitions:
        say(f"Created {len(partitions)} partitions of table {name}")
        _add(catalog, place.database, name, partitions)
    for name, gone in plan.gone:
        say(f"Deleted {len(gone)} partitions of table {name}")
        for values in gone:
            catalog.partitions.delete(catalog.table(place.database, name), values)
    for name in plan.deprecate:
        say(f"Table {name} is gone from S3; marked it as deprecated")
        old = catalog.table(place.database, name)
        parameters = {**old.get("Parameters", {}), DEPRECATED: str(time.time_ns() // 1_000_000)}
        catalog.update_table(place.database, {**_as_input(old), "Parameters": parameters})
    for name in plan.delete:
        say(f"Table {name} is gone from S3; deleted it")
        catalog.delete_table(place.database, name)


def _free(table: FoundTable, before: Mapping[str, Table], crawler: str) -> FoundTable:
    """The table under a name that no other one has: a table of someone else's at another place is left alone."""
    other = before.get(table.name)
    if other is None or _is_of(other, crawler) or _identity(other) == (table.name, table.location):
        return table
    return replace(table, name=distinct(table.name, table.location))


def _is_of(table: Table, crawler: str) -> bool:
    return bool(table.get("Parameters", {}).get(MARK) == crawler)


def _identity(table: Table) -> tuple[str, str]:
    return str(table["Name"]), str(table.get("StorageDescriptor", {}).get("Location", ""))


def _known(catalog: Catalog, table: Table) -> KnownTable:
    name, location = _identity(table)
    return KnownTable(
        name=name,
        location=location,
        columns=_engine_columns(table.get("StorageDescriptor", {}).get("Columns", ())),
        partition_keys=_engine_columns(table.get("PartitionKeys", ())),
        partitions=frozenset(tuple(each["Values"]) for each in catalog.partitions.all(table)),
        deprecated=DEPRECATED in table.get("Parameters", {}),
    )


def _engine_columns(columns: Sequence[Mapping[str, str]]) -> tuple[Column, ...]:
    return tuple(Column(each["Name"], each.get("Type", "string")) for each in columns)


def _columns(columns: Sequence[Column]) -> list[dict[str, str]]:
    return [{"Name": column.name, "Type": column.type} for column in columns]


def _input(table: FoundTable, crawler: str) -> dict[str, Any]:
    """A found table as a TableInput."""
    parameters = {
        **table.parameters,
        "CrawlerSchemaDeserializerVersion": "1.0",
        "CrawlerSchemaSerializerVersion": "1.0",
        MARK: crawler,
    }
    return {
        "Name": table.name,
        "Owner": "owner",
        "Retention": 0,
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": _columns(table.partition_keys),
        "Parameters": parameters,
        "StorageDescriptor": {
            "Columns": _columns(table.columns),
            "Location": table.location,
            "InputFormat": table.format.input_format,
            "OutputFormat": table.format.output_format,
            "Compressed": "compressionType" in table.parameters and table.parameters["compressionType"] != "none",
            "NumberOfBuckets": -1,
            "BucketColumns": [],
            "SortColumns": [],
            "StoredAsSubDirectories": False,
            "SerdeInfo": {
                "SerializationLibrary": table.format.serde,
                "Parameters": dict(table.format.serde_parameters),
            },
            "Parameters": parameters,
        },
    }


def _as_input(table: Table) -> dict[str, Any]:
    """A table as the input that makes it again."""
    own = {"DatabaseName", "CreateTime", "UpdateTime", "CreatedBy", "IsRegisteredWithLakeFormation", "CatalogId"}
    return {name: value for name, value in table.items() if name not in own | {"VersionId"}}


def _add(catalog: Catalog, database: str, name: str, partitions: Sequence[FoundPartition]) -> None:
    table = catalog.table(database, name)
    for each in partitions:
        storage = {**table["StorageDescriptor"], "Location": each.location}
        catalog.partitions.create(
            table,
            {"Values": list(each.values), "StorageDescriptor": storage, "Parameters": table.get("Parameters", {})},
        )
