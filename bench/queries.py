"""What a query in Athena costs by how its data lies and how it asks: bytes scanned and time, beside the same question asked better.

Half a year of a shop's events lie there in each layout. Bytes are what Athena counts; it bills 10 MB a query at least.
"""

import argparse
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table as Grid

from bench.endpoint import Endpoint, ask, endpoint
from lakehouse_core.contracts import Naming

ROUNDS = 5
DAYS = 180
EVENTS = 540_000
LAKE = Naming().bucket("silver")
COLUMNS = "id bigint, visitor bigint, event_type string, page string, amount double"
EVENTS_SQL = f"""
    select range id, hash(range) % 90000 visitor,
           ['view', 'click', 'cart', 'purchase'][1 + (hash(range * 7) % 4)::int] event_type,
           'https://shop.example/' || md5(range::varchar) page, (hash(range * 3) % 100000) / 100.0 amount,
           (date '2025-01-01' + (range // {EVENTS // DAYS})::int)::varchar event_day
    from range({EVENTS})
"""  # noqa: S608
REUSE = {"ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 60}}}


@dataclass(frozen=True)
class Question:
    """A way to ask, and the better way, of tables that :func:`stock` makes."""

    what: str
    plain: str
    better: str
    reuse: bool = False


@dataclass(frozen=True)
class Layout:
    """A table of the events: ``split`` is the expression for each of whose values there is a file."""

    table: str
    split: str = "0"
    options: str = "format parquet, compression zstd"
    suffix: str = ".parquet"

    @property
    def by_day(self) -> bool:
        """Whether its folders are days."""
        return self.split == "event_day"

    @property
    def described(self) -> str:
        """Columns and format, as CREATE EXTERNAL TABLE has them."""
        stored = "stored as parquet" if self.suffix == ".parquet" else "row format delimited fields terminated by ','"
        if self.by_day:
            return f"({COLUMNS}) partitioned by (event_day string) {stored}"
        return f"({COLUMNS}, event_day string) {stored}"

    def written(self, folder: Path) -> Iterator[tuple[str, Path]]:
        """The files, each with the value that its rows share."""
        folder.mkdir()
        duckdb.sql(f"create or replace table parts as select *, {self.split} part from events")  # noqa: S608 - ours
        for number, (part,) in enumerate(duckdb.sql("select distinct part from parts order by 1").fetchall()):
            path = folder / f"{number:05}{self.suffix}"
            rows = f"from parts select * exclude (part{', event_day' if self.by_day else ''}) where part = $part order by id"
            duckdb.execute(f"copy ({rows}) to '{path}' ({self.options})", {"part": part})
            yield str(part), path


LAYOUTS = (
    Layout("one_file"),
    Layout("small_files", f"id // {EVENTS // DAYS // 8}"),
    Layout("by_month", "left(event_day, 7)"),
    Layout("by_day", "event_day"),
    Layout("as_csv", options="format csv, header false", suffix=".csv"),
    Layout("as_csv_gzip", options="format csv, header false, compression gzip", suffix=".csv.gz"),
)
QUESTIONS = (
    Question(
        "partitioning: one day, of a file for each month, then for each day",
        "select sum(amount) from guide.by_month where event_day = '2025-03-01'",
        "select sum(amount) from guide.by_day where event_day = '2025-03-01'",
    ),
    Question(
        "format: CSV, then Parquet", "select sum(amount) from guide.as_csv", "select sum(amount) from guide.one_file"
    ),
    Question(
        "compression: CSV, then CSV by gzip",
        "select sum(amount) from guide.as_csv",
        "select sum(amount) from guide.as_csv_gzip",
    ),
    Question(
        "column pruning: every column, then the one that is needed",
        "select max(id), max(visitor), max(event_type), max(page), sum(amount) from guide.one_file",
        "select sum(amount) from guide.one_file",
    ),
    Question(
        "file size: a file for each three hours, then one",
        "select sum(amount) from guide.small_files",
        "select sum(amount) from guide.one_file",
    ),
    Question(
        "approximate: count(distinct), then approx_distinct",
        "select count(distinct visitor) from guide.one_file",
        "select approx_distinct(visitor) from guide.one_file",
    ),
    Question(
        "result reuse: asked again within the hour",
        "select event_type, sum(amount) from guide.one_file group by event_type",
        "select event_type, sum(amount) from guide.one_file group by event_type",
        reuse=True,
    ),
)


def main(chosen: argparse.Namespace) -> None:  # noqa: ARG001 - every bench takes the same arguments
    """Print each question with its two ways."""
    grid = Grid("what", "bytes", "then", "ms", "then", title=f"{EVENTS:,} events in Athena", title_justify="left")
    with endpoint() as running:
        athena = running.client("athena")
        stock(running, athena)
        for question in QUESTIONS:
            more = REUSE if question.reuse else {}
            plain, better = cost(athena, question.plain), cost(athena, question.better, **more)
            grid.add_row(question.what, f"{plain[0]:,}", f"{better[0]:,}", f"{plain[1]:.0f}", f"{better[1]:.0f}")
    Console(width=140).print(grid)


def cost(athena: Any, sql: str, **more: Any) -> tuple[int, float]:
    """Bytes scanned, and the median of the milliseconds that Athena names, after one to warm up."""
    ask(athena, sql, **more)
    asked = [ask(athena, sql, **more)["Statistics"] for _ in range(ROUNDS)]
    return asked[-1]["DataScannedInBytes"], statistics.median(each["TotalExecutionTimeInMillis"] for each in asked)


def stock(running: Endpoint, athena: Any) -> None:
    """Lay the events out in each way, and tell Athena of it."""
    duckdb.sql(f"create or replace table events as {EVENTS_SQL}")
    ask(athena, "create database guide")
    s3 = running.client("s3")
    for layout in LAYOUTS:
        for part, path in layout.written(running.folder / layout.table):
            key = f"event_day={part}/{path.name}" if layout.by_day else path.name
            s3.upload_file(str(path), LAKE, f"guide/{layout.table}/{key}")
        location = f"location 's3://{LAKE}/guide/{layout.table}/'"
        ask(athena, f"create external table guide.{layout.table} {layout.described} {location}")
    ask(athena, "msck repair table guide.by_day")
