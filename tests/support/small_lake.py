"""A lake in S3 made by hand: Delta tables, change logs and run records without a JVM."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from lakehouse_core.contracts import CONTRACTS, Contract, Naming
from lakehouse_core.ports import Storage
from lakehouse_local.lake.records import Applied, RunRecord, TableRecord

TECHNICAL = {
    "_op": "varchar",
    "_position": "varchar",
    "_business_time": "timestamptz",
    "_unsent": "varchar[]",
    "_old_key": "bigint",
}
_ARRAY = re.compile(r"array<(\w+)>")
Row = Mapping[str, str | None]


def parquet(columns: Mapping[str, str], rows: Iterable[Row]) -> bytes:
    """A Parquet file of rows given as text, cast to the columns' types (a column that a row lacks is NULL)."""
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "rows.parquet"
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(
            f"create table t ({', '.join(f'{name!r} {kind}'.replace(chr(39), chr(34)) for name, kind in columns.items())})"
        )
        values = ", ".join(["?"] * len(columns))
        for row in rows:
            connection.execute(f"insert into t values ({values})", [row.get(name) for name in columns])
        connection.execute(f"copy t to '{path}' (format parquet)")
        return path.read_bytes()


def types(contract: Contract) -> dict[str, str]:
    """The DuckDB types of a contract's columns and of those that silver adds."""
    stored = {c.name: "varchar" if c.source_type == "jsonb" else c.source_type for c in contract.columns}
    return stored | {c.name: _ARRAY.sub(r"\1[]", c.type).replace("string", "varchar") for c in contract.derived}


class SmallLake:
    """Writes Delta tables whose every version replaces the one before."""

    def __init__(self, storage: Storage, naming: Naming) -> None:
        self.storage = storage
        self.naming = naming
        self.commits: dict[str, str] = {}

    def table(self, layer: str, name: str, columns: Mapping[str, str], rows: Sequence[Row]) -> str:
        """Write the next version of a table; its id."""
        bucket = self.naming.bucket(layer)
        version = int(self.commits.get(f"{layer}.{name}", "-1")) + 1
        path = f"part-{version}.snappy.parquet"
        self.storage.put(bucket, f"{name}/{path}", parquet(columns, rows))
        actions: list[dict[str, object]] = [{"add": {"path": path, "partitionValues": {}, "dataChange": True}}]
        if version:
            actions.insert(0, {"remove": {"path": f"part-{version - 1}.snappy.parquet"}})
        body = "\n".join(json.dumps(action) for action in actions).encode()
        self.storage.put(bucket, f"{name}/_delta_log/{version:020d}.json", body)
        self.commits[f"{layer}.{name}"] = str(version)
        return str(version)

    def base(self, entity: str, rows: Sequence[Row]) -> str:
        """Write a base table; rows hold contract and technical columns as text."""
        return self.table("silver", entity, types(CONTRACTS[entity]) | TECHNICAL, rows)

    def log(self, entity: str, run: int, rows: Sequence[Row]) -> None:
        """Write one run's part of an entity's change log."""
        body = parquet(types(CONTRACTS[entity]) | TECHNICAL, rows)
        self.storage.put(self.naming.bucket("silver"), f"{entity}_version/run={run}/part-0.parquet", body)

    def quarantine(self, entity: str, run: int, rows: Sequence[Row]) -> None:
        """Write one run's quarantined rows of an entity."""
        columns = dict.fromkeys(("entity", "key", "_position", "rule", "reason", "raw", "_file"), "varchar")
        body = parquet(columns, rows)
        self.storage.put(self.naming.bucket("silver"), f"quarantine/entity={entity}/run={run}/part-0.parquet", body)

    def record(self, run: int, as_of: datetime, applied: Applied | None = None) -> RunRecord:
        """Write a run record that lists every table as it is now."""
        record = RunRecord(
            run=run,
            as_of=as_of.astimezone(UTC),
            format="delta",
            wire="dms",
            applied_until=applied or Applied(1, run, 0),
            tables={name: TableRecord(commit, rows_in=1) for name, commit in self.commits.items()},
        )
        self.storage.put(self.naming.bucket("silver"), record.key, record.to_json())
        return record
