"""The AWS endpoint beside bare peers: queries beside DuckDB, a crawl, a Glue job beside the same script, many clients."""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import psutil
from rich.console import Console
from rich.table import Table as Grid

from bench.endpoint import CLIENTS, Client, ask, endpoint
from lakehouse_core.contracts import Naming
from lakehouse_local.spark import java

ORDERS = 51_200
ROUNDS = 40
SCRIPTS, LAKE = Naming().bucket("scripts"), Naming().bucket("silver")
AGGREGATE = "select status, count(*), sum(total) from bench.orders group by status"
MADE = f"""
    select range id, range % 50 tenant_id, ['pending', 'completed', 'cancelled'][1 + range % 3] status,
    cast(range % 10000 / 7.0 as decimal(12,2)) total from range({ORDERS})
"""  # noqa: S608
SCRIPT = """
import sys
from pyspark.context import SparkContext
from awsglue.context import GlueContext
spark = GlueContext(SparkContext.getOrCreate()).spark_session
print(spark.range(1000).selectExpr("sum(id)").collect())
"""
PLAIN = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[4]").getOrCreate()
print(spark.range(1000).selectExpr("sum(id)").collect())
"""


def seconds(work: Callable[[], object]) -> float:
    """What a call takes."""
    started = time.monotonic()
    work()
    return time.monotonic() - started


def median(work: Callable[[], object]) -> float:
    """The median in milliseconds, after a few to warm up."""
    for _ in range(5):
        work()
    return 1000 * statistics.median(seconds(work) for _ in range(ROUNDS))


def stock(client: Client, folder: Path) -> Path:
    """Put the orders into the lake: a Parquet file and a table for Athena, and folders of CSV for the crawler."""
    path = folder / "orders.parquet"
    duckdb.sql(f"copy ({MADE}) to '{path}' (compression zstd)")
    client("s3").upload_file(str(path), LAKE, "bench/orders/0.parquet")
    columns = "id bigint, tenant_id bigint, status string, total decimal(12,2)"
    ask(client("athena"), "create database bench")
    location = f"s3://{LAKE}/bench/orders/"
    ask(client("athena"), f"create external table bench.orders ({columns}) stored as parquet location '{location}'")
    for table in range(12):
        body = "id,name,at\n" + "".join(f"{n},name {n},2025-01-01 00:00:00\n" for n in range(5000))
        client("s3").put_object(Bucket=LAKE, Key=f"bench/bronze/table_{table}/LOAD1.csv", Body=body.encode())
    return path


def crawl(glue: Any) -> float:
    """Seconds of a crawl of twelve tables, from its start until it is ready again."""
    target = {"S3Targets": [{"Path": f"s3://{LAKE}/bench/bronze/"}]}
    glue.create_crawler(Name="bench", Role="r", DatabaseName="bench", Targets=target)
    started = time.monotonic()
    glue.start_crawler(Name="bench")
    while glue.get_crawler(Name="bench")["Crawler"]["State"] != "READY":
        time.sleep(0.05)
    return time.monotonic() - started


def job(client: Client) -> float:
    """Seconds from StartJobRun to SUCCEEDED, the second of two runs."""
    glue = client("glue")
    client("s3").put_object(Bucket=SCRIPTS, Key="bench.py", Body=SCRIPT.encode())
    command = {"Name": "glueetl", "ScriptLocation": f"s3://{SCRIPTS}/bench.py", "PythonVersion": "3"}
    glue.create_job(Name="bench", Role="r", GlueVersion="5.1", WorkerType="G.1X", NumberOfWorkers=2, Command=command)

    def once() -> None:
        run = glue.start_job_run(JobName="bench")["JobRunId"]
        while (found := glue.get_job_run(JobName="bench", RunId=run)["JobRun"])["JobRunState"] != "SUCCEEDED":
            if found["JobRunState"] in {"FAILED", "ERROR"}:
                raise SystemExit(found["ErrorMessage"])
            time.sleep(0.05)

    once()
    return seconds(once)


def plain_spark(cache: Path) -> float:
    """Seconds of the same script in plain Spark."""
    environment = {"JAVA_HOME": str(java.find(cache).home), "PATH": "/usr/bin:/bin"}
    run = lambda: subprocess.run([sys.executable, "-c", PLAIN], check=True, capture_output=True, env=environment)  # noqa: E731
    run()
    return seconds(run)


def used(process: psutil.Process) -> int:
    """Bytes of memory that the endpoint and its workers have now."""
    found = 0
    for each in (process, *process.children(recursive=True)):
        try:
            found += each.memory_info().rss
        except psutil.NoSuchProcess:  # a worker answers one query and ends
            continue
    return found


def crowd(client: Client, process: psutil.Process) -> tuple[float, int]:
    """Seconds until fifty clients have their answers, and the most memory of the endpoint and its workers in MiB."""
    most, started = 0, time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        asked = [pool.submit(lambda: ask(client("athena"), AGGREGATE)) for _ in range(CLIENTS)]
        while not all(each.done() for each in asked):
            most = max(most, used(process))
            time.sleep(0.02)
        for each in asked:
            each.result()
    return time.monotonic() - started, most >> 20


def main(chosen: argparse.Namespace) -> None:  # noqa: ARG001 - every bench takes the same arguments
    """Print each line."""
    grid = Grid("what", "ours", "peer", "aim", title="the AWS endpoint, over moto", title_justify="left")
    with endpoint() as running:
        client, athena = running.client, running.client("athena")
        path = stock(client, running.folder)
        local = AGGREGATE.replace("bench.orders", f"'{path}'")
        plain = [median(lambda sql=sql: duckdb.sql(sql).fetchall()) for sql in ("select 1", local)]  # type: ignore[misc]
        one, aggregate = median(lambda: ask(athena, "select 1")), median(lambda: ask(athena, AGGREGATE))
        grid.add_row("SELECT 1, p50 ms", f"{one:.0f}", f"DuckDB {plain[0]:.1f}", "50")
        grid.add_row(f"aggregate of {ORDERS:,} orders, p50 ms", f"{aggregate:.0f}", f"DuckDB {plain[1]:.1f}", "150")
        took, most = crowd(client, running.process)
        grid.add_row(f"{CLIENTS} clients at once: s until all have answers", f"{took:.1f}", "", "no error")
        grid.add_row("  memory of the endpoint and its workers, MiB", f"{most:,}", "", "")
        grid.add_row("crawl of 12 tables, s", f"{crawl(client('glue')):.1f}", "", "5")
        with_glue, without = job(client), plain_spark(running.cache)
        grid.add_row("Glue job, s", f"{with_glue:.1f}", f"plain Spark {without:.1f}", f"{without + 3:.1f}")
    Console().print(grid)
