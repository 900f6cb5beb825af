"""A lakehouse of a test's own: a home with servers under a supervisor, the command line, and the functions behind it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import tenacity

from lakehouse_local import supervisor
from lakehouse_local.lakehouse import Lakehouse as PublicLakehouse
from lakehouse_local.providers import postgres_binaries
from lakehouse_local.testing import small

CLI = (sys.executable, "-m", "lakehouse_local.cli")
PATIENCE_SECONDS = 1200
FEW_MARTS = ("tests.support.few_marts:few_marts",)
"""The extensions of a lakehouse whose gold is small, for tests of the whole way that ask about something else."""
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


class Lakehouse(PublicLakehouse):
    """The public handle, and what only tests of the product need: its processes, and the command line."""

    def kill(self, name: str) -> None:
        """SIGKILL the server whose command line has that name, and wait until the supervisor has noticed."""
        children = psutil.Process(self.parts.supervisor_pid).children()
        (server,) = (child for child in children if any(name in word for word in child.cmdline()))
        server.kill()
        until(lambda: bool(supervisor.status(self.settings).died))

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
            "LAKEHOUSE_EXTENSIONS": " ".join(chosen.extensions),
            # Wide enough that no message is wrapped.
            "COLUMNS": "1000",
        }


@contextmanager
def lakehouse(
    home: Path,
    *,
    postgres: str | None = None,
    s3: str = "localstack",
    extensions: tuple[str, ...] = (),
    seeded: bool = True,
) -> Iterator[Lakehouse]:
    """A seeded lakehouse that runs, on those providers; afterwards nothing of it is left."""
    chosen = replace(
        small.settings_in(home, extensions),
        postgres=postgres or ("installed" if any(postgres_binaries.installed()) else "embedded"),
        s3=s3,
    )
    with small.running(chosen, seeded=seeded) as started:
        yield Lakehouse(started.settings)


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Poll until it is true."""
    tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda found: not found),
        wait=tenacity.wait_fixed(0.05),
        stop=tenacity.stop_after_delay(seconds),
    )(true)
