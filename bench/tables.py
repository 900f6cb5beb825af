"""Table formats: a full load and 10,000 changes, as ratios within one run.

One event-like table, warm (the first round of each way is thrown away, the best of the others counts). Shown per way:
wall seconds, CPU seconds of Python and JVM together (steadier on a shared machine), and the CPU's ratio to the first
way of its group. DuckDB's and delta-rs's figures stand beside them as the limit.
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
from deltalake import DeltaTable, write_deltalake
from pyarrow import parquet
from pyspark.sql import DataFrame, SparkSession
from rich.console import Console
from rich.table import Table as Grid

from bench.cost import Cost, measured
from lakehouse_core.ports import Table
from lakehouse_core.tables.delta import DeltaFormat
from lakehouse_core.tables.hudi import HudiFormat
from lakehouse_local import settings
from lakehouse_local.settings import Settings
from lakehouse_local.spark.session import session

CHANGES = 10_000
ROWS = """
    id, id % 50 + 1 tenant_id, id % 9000 customer_id, cast(hash(id) as string) anonymous_id,
    case id % 4 when 0 then 'page_view' when 1 then 'login' when 2 then 'purchase' else 'signup' end event_type,
    timestamp_seconds(1750000000 + id * 40) occurred_at, cast(id % 1000 / 7.0 as decimal(12,2)) amount,
    concat('{"page": "/p/', id % 977, '", "device": "mobile", "session": "', sha1(cast(id as string)), '"}') metadata,
    cast(array() as array<string>) _unsent, 'I' _op
"""
# What a user gets who sets only what Hudi demands, and the same with another index.
DEFAULTS = {
    "hoodie.table.name": "bench",
    "hoodie.datasource.write.recordkey.field": "id",
    "hoodie.datasource.write.precombine.field": "_position",
    "hoodie.datasource.write.partitionpath.field": "",
    "hoodie.datasource.write.keygenerator.class": "org.apache.hudi.keygen.NonpartitionedKeyGenerator",
}
# The fewest options that make a bucketed table of the same layout.
BARE = DEFAULTS | {
    "hoodie.write.table.version": "6",
    "hoodie.write.auto.upgrade": "false",
    "hoodie.index.type": "BUCKET",
    "hoodie.bucket.index.hash.field": "id",
    "hoodie.metadata.enable": "false",
    "hoodie.embed.timeline.server": "false",
    "hoodie.write.markers.type": "DIRECT",
    "hoodie.bulkinsert.sort.mode": "NONE",
}
SIMPLE = DEFAULTS | {"hoodie.index.type": "SIMPLE", "hoodie.metadata.enable": "false"}


@dataclass(frozen=True)
class Way:
    """One way of doing a group's work: ``load`` makes the table, ``change`` merges the changes into it."""

    name: str
    load: Callable[[str], object]
    change: Callable[[str], object] | None


def hudi(frame: DataFrame, operation: str, options: dict[str, str], path: str) -> None:
    """Write by plain options, as a user's own script would."""
    writer = frame.write.format("hudi").options(**options).option("hoodie.datasource.write.operation", operation)
    writer.mode("append").save(path)


def ways(spark: SparkSession, inputs: Path, rows: int) -> list[Way]:
    """Every way over the same two Parquet inputs."""
    load, changes = spark.read.parquet(f"{inputs}/load"), spark.read.parquet(f"{inputs}/changes")

    def table(path: str) -> Table:
        return Table("bench", "bench", path, key="id", ordering="_position", rows_hint=rows)

    def by_options(name: str, options: dict[str, str], operation: str = "bulk_insert") -> Way:
        return Way(
            name, lambda path: hudi(load, operation, options, path), lambda path: hudi(changes, "upsert", options, path)
        )

    def duck_load(path: str) -> None:
        Path(path).mkdir()
        duckdb.sql(f"copy (from '{inputs}/load/*.parquet') to '{path}/0.parquet' (compression zstd)")

    def duck_merge(path: str) -> None:
        duckdb.sql(f"""
            copy (select s.* from '{path}/0.parquet' s anti join '{inputs}/changes/*.parquet' c
                    on s.id = c.id and c._position >= s._position
                  union all by name from '{inputs}/changes/*.parquet')
            to '{path}/1.parquet' (compression zstd)
        """)  # noqa: S608

    def rust_load(path: str) -> None:
        write_deltalake(path, parquet.read_table(f"{inputs}/load"))

    def rust_merge(path: str) -> None:
        merge = DeltaTable(path).merge(
            parquet.read_table(f"{inputs}/changes"), "s.id = c.id", source_alias="c", target_alias="s"
        )
        merge.when_matched_update_all("c._position >= s._position").when_not_matched_insert_all().execute()

    own, delta = HudiFormat(spark), DeltaFormat(spark)
    buckets = {"hoodie.bucket.index.num.buckets": "2", "hoodie.bulkinsert.shuffle.parallelism": "2"}
    return [
        by_options("bare BUCKET", BARE | buckets),
        Way("HudiFormat", lambda p: own.overwrite(table(p), load), lambda p: own.merge(table(p), changes)),
        by_options("Hudi's defaults", DEFAULTS),
        by_options("SIMPLE index", SIMPLE),
        Way("DeltaFormat", lambda p: delta.overwrite(table(p), load), lambda p: delta.merge(table(p), changes)),
        Way("plain Parquet", lambda p: load.write.option("compression", "zstd").parquet(p), None),
        Way("delta-rs", rust_load, rust_merge),
        Way("DuckDB", duck_load, duck_merge),
    ]


def prepare(spark: SparkSession, inputs: Path, rows: int) -> None:
    """Write the two inputs: the load, and changes of random keys with a few new ones."""
    load = spark.sql(f"select {ROWS}, '0001.0.0000000000000001.00000000' _position from range({rows})")  # noqa: S608
    load.repartition(2).write.parquet(f"{inputs}/load")
    keys = f"select distinct (id * 7919) % {rows + rows // 100} id from range({CHANGES})"  # noqa: S608
    changes = spark.sql(f"select {ROWS}, '0001.1.0000000000000002.00000000' _position from ({keys})")  # noqa: S608
    changes.repartition(1).write.parquet(f"{inputs}/changes")


def run(spark: SparkSession, folder: Path, rows: int, rounds: int) -> dict[str, dict[str, Cost]]:
    """Cost per work and way: the least CPU of all rounds but the first."""
    inputs = folder / "inputs"
    prepare(spark, inputs, rows)
    costs: dict[str, dict[str, list[Cost]]] = {"full load": {}, f"{CHANGES:,} changes": {}}
    for round_ in range(rounds + 1):
        for way in ways(spark, inputs, rows):
            path = str(folder / "table")
            steps = zip(costs.values(), (way.load, way.change), strict=True)
            for kept, step in steps:
                if step is None:
                    continue
                cost = measured(lambda step=step, path=path: step(path))  # type: ignore[misc]
                if round_:
                    kept.setdefault(way.name, []).append(cost)
            shutil.rmtree(path)
    return {work: {n: min(c) for n, c in kept.items()} for work, kept in costs.items()}


def main(chosen: argparse.Namespace) -> None:
    """Run everything and print the grids."""
    with tempfile.TemporaryDirectory() as scratch:
        spark = session(Settings(Path(scratch) / "home", settings.from_environment().cache), None, "bench-tables")
        for work, costs in run(spark, Path(scratch), chosen.rows, chosen.rounds).items():
            grid = Grid("way", "wall s", "CPU s", "ratio of CPU", title=f"{work} ({chosen.rows:,} rows)")
            first = next(iter(costs.values()))
            for name, cost in costs.items():
                grid.add_row(name, f"{cost.wall:.2f}", f"{cost.cpu:.2f}", f"{cost.cpu / first.cpu:.2f}")
            Console().print(grid)
        spark.stop()
