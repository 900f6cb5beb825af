"""A Spark standalone cluster on loopback: one master and two workers, processes of their own from pyspark's jars."""

import json
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark

from lakehouse_local.providers import process
from lakehouse_local.spark import java

WORKERS = 2
SPARK = Path(pyspark.__file__).parent


@contextmanager
def standalone(folder: Path, cache: Path, *, memory: str) -> Iterator[str]:
    """The master's URL once both workers, of one core each, have joined; nothing is left afterwards."""
    folder.mkdir()
    found = java.find(cache)
    master, page = (process.port_for(folder, name) for name in ("master", "page"))
    url = f"spark://{process.LOOPBACK}:{master}"
    started: list[process.Server] = []

    def start(name: str, kind: str, *arguments: str) -> process.Server:
        server = process.spawn(
            name,
            [
                SPARK / "bin" / "spark-class",
                f"org.apache.spark.deploy.{kind}",
                *("--host", process.LOOPBACK, *arguments),
            ],
            folder / f"{name}.log",
            environment={
                "JAVA_HOME": str(found.home),
                "SPARK_HOME": str(SPARK),
                "SPARK_DAEMON_MEMORY": "256m",
                # Their pages would listen on every address otherwise.
                "SPARK_LOCAL_IP": process.LOOPBACK,
            },
            farewell=signal.SIGTERM,
        )
        started.append(server)
        return server

    try:
        first = start("master", "master.Master", "--port", str(master), "--webui-port", str(page))
        for number in range(WORKERS):
            work = ("--work-dir", str(folder / f"work-{number}"))
            start(
                f"worker-{number}", "worker.Worker", "--cores", "1", "--memory", memory, "--webui-port", "0", *work, url
            )

        def joined() -> None:
            if alive(page) < WORKERS:
                raise OSError("not all workers have joined yet")

        process.wait_until(first, joined, OSError)
        yield url
    finally:
        # A worker ends its executors when it is asked to end.
        for server in reversed(started):
            server.stop(signal.SIGTERM, limit=10)


def alive(page: int) -> int:
    """How many workers the master counts."""
    with urllib.request.urlopen(f"http://{process.LOOPBACK}:{page}/json/", timeout=5) as answer:
        return int(json.load(answer)["aliveworkers"])
