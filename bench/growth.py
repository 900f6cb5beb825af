"""How the work grows: the same pipeline at two scales, each in processes of its own, in one table with ratios.

A full load is everything from PostgreSQL to gold, 10,000 changes are the rows of ``pipeline.CHANGED`` updated at once.
CPU seconds are those of Python, the JVM and S3 (PostgreSQL's backends come and go, and are left out): steadier than the
clock on a shared machine. Spark's own start is left out; the first round of changes is thrown away.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession
from rich.console import Console
from rich.table import Table as Grid

from bench.cost import Cost, measured
from bench.pipeline import change, quiet
from lakehouse_local import settings
from lakehouse_local.environment import Environment
from lakehouse_local.lake import work
from lakehouse_local.lake.work import RunReport
from lakehouse_local.providers.servers import running
from lakehouse_local.settings import Settings
from lakehouse_local.spark.session import session
from source_app import seeding

SCALES = ("medium", "large")
HEAP = "4g"
LOAD, CHANGES = "full load", "10,000 changes"
AIMS = {LOAD: 8.0, CHANGES: 3.0}


@dataclass(frozen=True)
class Step:
    """One part of the work at one scale, in seconds."""

    work: str
    part: str
    cpu: float
    wall: float


@dataclass(frozen=True)
class Growth:
    """One scale: rows of the source, the steps, the most heap that the driver held at once in MiB."""

    rows: int
    steps: tuple[Step, ...]
    heap_mib: int


def at_scale(scale: str, home: Path, rounds: int) -> Growth:
    """Seed, load and change a lake of that scale."""
    chosen = replace(settings.from_environment(), home=home, postgres="auto", s3="localstack", driver_memory=HEAP)
    with running(chosen) as environment:
        seeded = seeding.seed(environment.postgres.dsn, scale, 7, chosen.cache / "seeds", quiet)
        spark = session(chosen, environment.s3, "bench")
        spark.range(1).count()
        load = _once(LOAD, environment, chosen)
        changes = []
        for _ in range(rounds + 1):
            change(environment)
            changes.append(_once(CHANGES, environment, chosen))
        best = min(changes[1:] or changes, key=lambda steps: steps[0].cpu)
        return Growth(sum(seeded.rows.values()), (*load, *best), _peak(spark))


def _once(what: str, environment: Environment, chosen: Settings) -> tuple[Step, ...]:
    """One run, whole and by its parts (the parts by the clock alone, which stands for both)."""
    reports: list[RunReport] = []
    whole: Cost = measured(lambda: reports.append(work.run(environment, chosen, quiet)))
    print(f"{what}: {whole.wall:.1f} s, {whole.cpu:.1f} CPU s", file=sys.stderr, flush=True)
    parts = {name: seconds for name, seconds in reports[0].seconds.items() if name != "Spark"}
    return (
        Step(what, "all", whole.cpu, whole.wall),
        *(Step(what, name, seconds, seconds) for name, seconds in parts.items()),
    )


def _peak(spark: SparkSession) -> int:
    """The sum of the heap pools' peaks: at least what was ever in use at once."""
    jvm: Any = spark._jvm  # noqa: SLF001  # no public way
    pools = jvm.java.lang.management.ManagementFactory.getMemoryPoolMXBeans()
    used = (pool.getPeakUsage().getUsed() for pool in pools if str(pool.getType()) == "Heap memory")
    return int(sum(used)) >> 20


def measure(scale: str, rounds: int) -> Growth:
    """The scale's figures, from a process of its own: a JVM that has run another one is another JVM."""
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
        print(f"scale {scale}", file=sys.stderr, flush=True)
        command = [sys.executable, "-m", "bench.growth", scale, folder, str(rounds)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return Growth(found["rows"], tuple(Step(**step) for step in found["steps"]), found["heap_mib"])


def main(chosen: argparse.Namespace) -> None:
    """Print the grid: each step at both scales, and by how much it grew."""
    small, large = (measure(scale, chosen.rounds) for scale in SCALES)
    grid = Grid("work", "part", *(f"{scale} {unit}" for scale in SCALES for unit in ("s", "CPU s")), "ratio", "aim")
    grid.title = f"growth from {small.rows:,} to {large.rows:,} rows; ratio of CPU seconds (parts: of seconds)"
    grid.title_justify = "left"
    for before, after in zip(small.steps, large.steps, strict=True):
        whole = before.part == "all"
        cpu = [f"{step.cpu:.1f}" if whole else "" for step in (before, after)]
        grid.add_row(
            before.work,
            before.part,
            *(f"{before.wall:.1f}", cpu[0], f"{after.wall:.1f}", cpu[1]),
            f"{after.cpu / before.cpu:.2f}",
            f"{AIMS[before.work]}" if whole else "",
        )
    Console().print(grid)
    print(f"driver heap {HEAP}; its pools' peaks: {small.heap_mib:,} and {large.heap_mib:,} MiB")


if __name__ == "__main__":
    print(json.dumps(asdict(at_scale(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))))
