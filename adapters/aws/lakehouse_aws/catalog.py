"""The Data Catalog's entries of silver and gold, so that Athena reads the tables where they are.

Hudi: the input format that Athena knows (a table of version 6). Delta: native, by its log. The change log is Parquet,
partitioned by run. A reader's view is an Athena view: Presto's JSON in base64, as Athena itself writes it.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse_aws.errors import AwsFailed, NotAllowed
from lakehouse_core import intake, serve
from lakehouse_core.contracts import CONTRACTS, Contract
from lakehouse_core.gold import Mart
from lakehouse_core.ports import Table

if TYPE_CHECKING:
    from lakehouse_aws.world import World

Columns = Sequence[tuple[str, str]]
"""Names and Hive types."""

_PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}
_FORMATS: Mapping[str, tuple[dict[str, Any], dict[str, str]]] = {
    "hudi": (
        _PARQUET | {"InputFormat": "org.apache.hudi.hadoop.HoodieParquetInputFormat"},
        {"spark.sql.sources.provider": "hudi", "classification": "hudi"},
    ),
    "delta": (_PARQUET, {"spark.sql.sources.provider": "delta", "table_type": "delta", "classification": "delta"}),
}
_PRESTO = {"string": "varchar", "int": "integer", "timestamp": "timestamp(3)"}


def register_silver(world: "World", contract: Contract, as_of: datetime | None) -> None:
    """An entity's base table, its change log, and the reader's view as of that business time."""
    where = world.place(contract)
    columns = _columns(world, where.base)
    _table(world, where.base.database, where.base.name, _lake_table(world, where.base, columns))
    log = world.spark.read.parquet(where.log).drop("run")
    _table(
        world,
        where.base.database,
        f"{contract.entity}{intake.VERSIONS}",
        _plain(where.log, _hive(log.schema), partitioned_by=(("run", "int"),)),
    )
    _runs(world, where.base.database, contract, where.log)
    if as_of is not None:
        base = f'"{where.base.database}"."{where.base.name}"'
        kinds = dict(columns)
        shown = serve.reader(world.format.read(where.base), contract, as_of).schema
        body = serve.athena_view_sql(contract, base, as_of)
        named = [(field.name, kinds.get(field.name, field.dataType.simpleString())) for field in shown]
        _table(world, where.base.database, contract.view, _view(where.base.database, body, named))


def register_mart(world: "World", mart: Mart, table: Table) -> None:
    """A mart's table."""
    _table(world, table.database, mart.name, _lake_table(world, table, _columns(world, table)))


def register_revenue_by_tenant(world: "World") -> None:
    """The POC's view over revenue_monthly."""
    gold, silver = world.naming.database("gold"), world.naming.database("silver")
    body = serve.revenue_by_tenant_sql(f'"{gold}"."revenue_monthly"', f'"{silver}"."{CONTRACTS["tenant"].view}"')
    columns = (
        ("tenant_id", "bigint"),
        ("tenant_name", "string"),
        ("month", "date"),
        ("order_count", "bigint"),
        ("total_revenue", "decimal(22,2)"),
        ("avg_order_value", "decimal(22,2)"),
        ("currency", "string"),
    )
    _table(world, gold, "revenue_by_tenant", _view(gold, body, columns))


def _columns(world: "World", table: Table) -> Columns:
    """The stored columns, Hudi's own in front: Athena shows them."""
    own = (
        "_hoodie_commit_time",
        "_hoodie_commit_seqno",
        "_hoodie_record_key",
        "_hoodie_partition_path",
        "_hoodie_file_name",
    )
    technical = [(name, "string") for name in own] if world.format.name == "hudi" else []
    return [*technical, *_hive(world.format.read(table).schema)]


def _hive(schema: Any) -> Columns:
    return [(field.name, field.dataType.simpleString()) for field in schema]


def _lake_table(world: "World", table: Table, columns: Columns) -> dict[str, Any]:
    storage, parameters = _FORMATS[world.format.name]
    return {
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", **parameters},
        "PartitionKeys": [],
        "StorageDescriptor": {**storage, "Columns": _named(columns), "Location": table.location},
    }


def _plain(location: str, columns: Columns, partitioned_by: Columns) -> dict[str, Any]:
    return {
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
        "PartitionKeys": _named(partitioned_by),
        "StorageDescriptor": {**_PARQUET, "Columns": _named(columns), "Location": f"{location}/"},
    }


def _view(database: str, sql: str, columns: Columns) -> dict[str, Any]:
    view = {
        "originalSql": sql,
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": [{"name": name, "type": _presto(kind)} for name, kind in columns],
    }
    encoded = base64.b64encode(json.dumps(view).encode()).decode()
    return {
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "PartitionKeys": [],
        "ViewOriginalText": f"/* Presto View: {encoded} */",
        "ViewExpandedText": "/* Presto View */",
        "StorageDescriptor": {"Columns": _named(columns), "Location": "", "SerdeInfo": {}},
    }


def _presto(kind: str) -> str:
    """A Hive type as Trino writes it.

    >>> _presto("array<string>"), _presto("decimal(12,2)"), _presto("int")
    ('array(varchar)', 'decimal(12,2)', 'integer')
    """
    if kind.startswith("array<"):
        return f"array({_presto(kind[6:-1])})"
    return _PRESTO.get(kind, kind)


def _named(columns: Columns) -> list[dict[str, str]]:
    return [{"Name": name, "Type": kind} for name, kind in columns]


def _table(world: "World", database: str, name: str, table: Mapping[str, Any]) -> None:
    """Create the table, or bring it up to date where it differs."""
    wanted: Any = {"Name": name, **table}
    try:
        try:
            found = world.glue.get_table(DatabaseName=database, Name=name)["Table"]
        except world.glue.exceptions.EntityNotFoundException:
            world.glue.create_table(DatabaseName=database, TableInput=wanted)
            return
        if any(found.get(member) != value for member, value in wanted.items() if member != "StorageDescriptor") or any(
            found["StorageDescriptor"].get(member) != value for member, value in wanted["StorageDescriptor"].items()
        ):
            world.glue.update_table(DatabaseName=database, TableInput=wanted)
    except ClientError as error:
        raise _failed(f"registering {database}.{name}", error) from None
    except BotoCoreError as error:
        raise AwsFailed(
            f"registering {database}.{name}: Glue does not answer ({error})", hint="run the job again"
        ) from None


def _runs(world: "World", database: str, contract: Contract, log: str) -> None:
    """The change log's partitions: one for each run, as folders stand."""
    name = f"{contract.entity}{intake.VERSIONS}"
    bucket = world.naming.bucket("silver")
    there = {key.split("/")[1].removeprefix("run=") for key in world.storage.keys(bucket, f"{name}/run=")}
    try:
        pages = world.glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=name)
        known = {partition["Values"][0] for page in pages for partition in page["Partitions"]}
        new = sorted(there - known, key=int)
        for start in range(0, len(new), 100):  # as many as one call takes
            inputs: Any = [
                {"Values": [run], "StorageDescriptor": {**_PARQUET, "Location": f"{log}/run={run}/"}}
                for run in new[start : start + 100]
            ]
            world.glue.batch_create_partition(DatabaseName=database, TableName=name, PartitionInputList=inputs)
    except ClientError as error:
        raise _failed(f"registering the runs of {database}.{name}", error) from None


def _failed(what: str, error: ClientError) -> NotAllowed | AwsFailed:
    code = error.response.get("Error", {}).get("Code", "unknown")
    if code == "AccessDeniedException":
        return NotAllowed(f"{what}: the job's role is refused", hint="infra/terraform/modules/identity allows it")
    return AwsFailed(f"{what}: Glue answers {code}: {error}", hint="are the databases there (terraform apply)?")
