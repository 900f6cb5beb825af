"""A lakehouse of a test's own: a home with servers under a supervisor, the command line, and the functions behind it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import tenacity

from lakehouse_local import environment, supervisor
from lakehouse_local import settings as settings_module
from lakehouse_local.environment import Environment
from lakehouse_local.lake import records, sources, work
from lakehouse_local.lake.records import RunRecord
from lakehouse_local.lake.work import RunReport
from lakehouse_local.proof.verify import VerifyReport
from lakehouse_local.providers import postgres_binaries
from lakehouse_local.providers.postgres_binaries import BinariesPostgres
from lakehouse_local.query.engine import QueryEngine
from lakehouse_local.settings import Settings
from lakehouse_local.storage import S3Storage
from source_app import seeding, simulation

SCALE, SEED = "small", 7
CLI = (sys.executable, "-m", "lakehouse_local.cli")
PATIENCE_SECONDS = 600
_ERROR = re.compile(r"^error \(([a-z0-9-]+)\) ", re.MULTILINE)


@dataclass(frozen=True)
class Said:
    """How a command ended: its exit code, what it wrote, and the code of the error that it named (None if none)."""

    exit_code: int
    out: str
    err: str

    @property
    def error(self) -> str | None:
        """The named error's code."""
        found = _ERROR.search(self.err)
        return found[1] if found else None

    @property
    def ended(self) -> tuple[int, str | None]:
        """Exit code and error; a traceback is never an answer."""
        assert "Traceback" not in self.err + self.out, self.err
        return self.exit_code, self.error


@dataclass(frozen=True)
class Lakehouse:
    """One home and everything that a user can do with it."""

    settings: Settings

    @property
    def parts(self) -> Environment:
        """The running servers."""
        return environment.load(self.settings)

    @property
    def storage(self) -> S3Storage:
        """The lake's S3."""
        return S3Storage(self.parts.s3)

    def bucket(self, layer: str) -> str:
        """A layer's bucket."""
        return self.settings.naming.bucket(layer)

    def up(self) -> list[str]:
        """Start the servers; what was said."""
        heard: list[str] = []
        supervisor.up(self.settings, heard.append)
        return heard

    def down(self) -> list[str]:
        """Export and stop; what was said."""
        heard: list[str] = []
        supervisor.down(self.settings, heard.append)
        return heard

    def kill(self, name: str) -> None:
        """SIGKILL the server whose program's name begins like that, and wait until the supervisor has noticed."""
        (server,) = (
            child for child in psutil.Process(self.parts.supervisor_pid).children() if child.name().startswith(name)
        )
        server.kill()
        until(lambda: bool(supervisor.status(self.settings).died))

    def seed(self) -> seeding.Seeded:
        """Fill the source."""
        return seeding.seed(self.parts.postgres.dsn, SCALE, SEED, self.settings.cache / "seeds", lambda *_: None)

    def simulate(self, days: int) -> simulation.Simulated:
        """Play business days."""
        return simulation.simulate(self.parts.postgres.dsn, days, SEED, lambda *_: None)

    def run(self) -> RunReport:
        """Take in what is new, on the test process's Spark."""
        return work.run(self.parts, self.settings, lambda _: None)

    def verify(self) -> VerifyReport:
        """Prove the lake, on the test process's Spark."""
        return work.verify(self.parts, self.settings, lambda _: None)

    def reload(self) -> sources.Captured:
        """Load the source again as a new epoch."""
        return sources.capture(self.parts, self.settings, lambda _: None, reload=True)

    def records(self) -> list[RunRecord]:
        """Every run, oldest first."""
        return records.every(self.storage, self.settings.naming)

    def query(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """The rows of a SELECT over the lake."""
        return QueryEngine(self.parts, self.settings).run(sql).rows

    def source(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a SELECT over the source."""
        with self.database() as database, database.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def change(self, *statements: str) -> None:
        """Commit one transaction in the source."""
        with self.database() as database, database, database.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    @contextmanager
    def database(self) -> Iterator[psycopg2.extensions.connection]:
        """The application's connection to the source, in UTC."""
        with closing(psycopg2.connect(self.parts.postgres.dsn, options="-c TimeZone=UTC")) as database:
            yield database

    def command(self, *arguments: str, **variables: str) -> Said:
        """Run `lakehouse ...` in a process of its own until it ends."""
        done = subprocess.run(
            [*CLI, *arguments],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            env=self._variables | variables,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin `lakehouse ...`; what it says goes to a pipe, its results nowhere."""
        return subprocess.Popen(
            [*CLI, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=self._variables,
        )

    @property
    def _variables(self) -> dict[str, str]:
        chosen = self.settings
        return os.environ | {
            "LAKEHOUSE_HOME": str(chosen.home),
            "LAKEHOUSE_CACHE": str(chosen.cache),
            "LAKEHOUSE_POSTGRES": chosen.postgres,
            "LAKEHOUSE_S3": chosen.s3,
            "LAKEHOUSE_SPARK_MASTER": chosen.spark_master,
            "LAKEHOUSE_DRIVER_MEMORY": chosen.driver_memory,
            # Wide enough that no message is wrapped.
            "COLUMNS": "1000",
        }


@contextmanager
def lakehouse(home: Path, *, postgres: str | None = None, s3: str = "localstack") -> Iterator[Lakehouse]:
    """A seeded lakehouse that runs, on those providers; afterwards nothing of it is left."""
    chosen = Settings(
        home=home,
        cache=settings_module.from_environment().cache,
        postgres=postgres or ("installed" if any(postgres_binaries.installed()) else "embedded"),
        s3=s3,
        spark_master="local[2]",
        driver_memory="1g",
    )
    lake = Lakehouse(chosen)
    try:
        lake.up()
        lake.seed()
        yield lake
    finally:
        if supervisor.living(home) is not None:
            lake.down()
        BinariesPostgres("", home).discard(home)


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Poll until it is true."""
    tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda found: not found),
        wait=tenacity.wait_fixed(0.05),
        stop=tenacity.stop_after_delay(seconds),
    )(true)
