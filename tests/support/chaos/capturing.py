"""A capture in a forked process, which may be killed; what it needs was imported before, so that a life is short."""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from psycopg2.extensions import connection

from chaos.bronze import read
from chaos.oracles import assert_nothing_lost
from chaos.points import Trap
from lakehouse_core.contracts import Naming
from lakehouse_core.errors import LakehouseError
from lakehouse_core.ports import Storage
from lakehouse_local.capture import engine
from lakehouse_local.capture.source import CaptureSource
from lakehouse_local.capture.wire import Wire
from lakehouse_local.environment import PostgresPart, S3Part
from lakehouse_local.storage import S3Storage

_NAMED, _BROKEN = 3, 4


class End(Enum):
    """How a life ended."""

    DONE = "all that was committed before is in bronze"
    KILLED = "killed"
    NAMED = "one of our errors"


@dataclass(frozen=True)
class Life:
    """What a capture is given for one life: how it writes, where it is killed, and what S3 does to it."""

    wire: Wire
    traps: tuple[Trap, ...] = ()
    faults: Callable[[Storage], Storage] = lambda storage: storage


@dataclass(frozen=True)
class Subject:
    """The capture under test."""

    source: CaptureSource
    s3: S3Part
    bucket: str = Naming().bucket("bronze")

    @classmethod
    def of(cls, postgres: PostgresPart, s3: S3Part) -> "Subject":
        """A capture of that PostgreSQL into that S3."""
        return cls(CaptureSource(postgres.dsn, postgres.capture_dsn), s3)

    def start(self, life: Life) -> int:
        """Begin a life: load if there is no load, then take in all that is committed; its process id."""
        sys.stdout.flush()
        pid = os.fork()
        if pid:
            return pid
        code = _BROKEN
        try:
            for trap in life.traps:
                trap.arm()
            self._live(life)
            code = 0
        except LakehouseError as problem:
            sys.stderr.write(f"{problem.code}: {problem}\n")
            code = _NAMED
        except BaseException:  # noqa: BLE001 - a fork must never return into the test
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def assert_nothing_lost(self, database: connection) -> None:
        """Both oracles, over bronze and the source as they are now."""
        assert_nothing_lost(read(S3Storage(self.s3), self.bucket), database)

    def _live(self, life: Life) -> None:
        storage = life.faults(S3Storage(self.s3))
        if next(iter(storage.keys(self.bucket, "_lakehouse/manifests/")), None) is None:
            engine.full_load(self.source, storage, self.bucket, life.wire)
        until = engine.current_lsn(self.source)
        engine.stream(self.source, storage, self.bucket, life.wire, until)


def ended(pid: int, *, wait: bool = True) -> End | None:
    """How the process ended; None while it lives. AssertionError if it ended as none may."""
    done, status = os.waitpid(pid, 0 if wait else os.WNOHANG)
    if not done:
        return None
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return End.KILLED
    code = os.WEXITSTATUS(status)
    assert code in (0, _NAMED), f"the capture ended with {code}"
    return End.DONE if code == 0 else End.NAMED
