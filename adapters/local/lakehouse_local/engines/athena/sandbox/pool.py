"""Query processes for the service: some wait ready, each serves one query, all end with the service."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

from lakehouse_core.errors import LakehouseError
from lakehouse_local.engines.athena.sandbox import landlock, wire
from lakehouse_local.engines.athena.sandbox.limits import Limits

_START_SECONDS = 30.0


class SandboxUnavailable(LakehouseError):
    """The kernel cannot confine a query."""

    code = "sandbox-unavailable"


class Worker:
    """One query process: give it a job once, then close it."""

    def __init__(self, channel: socket.socket, folder: Path) -> None:
        self.folder = folder
        self._channel = channel
        self._pid = 0
        self._lock = threading.Lock()
        self._stopped = False

    def wait_ready(self) -> None:
        """Until it is confined and its DuckDB runs; wire.Gone if it could not start."""
        self._channel.settimeout(_START_SECONDS)
        self._pid = int(wire.receive(self._channel)["pid"])

    def run(self, job: dict[str, Any], seconds: float) -> Any:
        """Its answer to the job; wire.Gone if it died or was stopped, TimeoutError after so many seconds."""
        self._channel.settimeout(seconds)
        wire.send(self._channel, job)
        return wire.receive(self._channel)

    @property
    def stopped(self) -> bool:
        """Whether :meth:`stop` ended it."""
        return self._stopped

    def stop(self) -> None:
        """Kill it, whatever it does."""
        with self._lock:
            if self._pid and not self._stopped:
                self._stopped = True
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill it and remove its folder."""
        self.stop()
        self._channel.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Pool:
    """``ready`` processes wait; as many more run as there are queries at once.

    SandboxUnavailable where there is no Landlock and ``limits.confine`` asks for it.
    """

    def __init__(self, folder: Path, limits: Limits, ready: int = 2) -> None:
        if limits.confine and not landlock.version():
            raise SandboxUnavailable(
                "this kernel has no Landlock: SQL would run with your rights to files and network",
                hint="set LAKEHOUSE_ATHENA_UNCONFINED=1 if you trust every query",
            )
        self.limits = limits
        self._folder = folder
        self._ready = ready
        self._lock = threading.Lock()
        self._waiting: list[Worker] = []
        self._closed = False
        shutil.rmtree(folder, ignore_errors=True)  # what an earlier service left
        folder.mkdir(parents=True, mode=0o700)
        self._control, other = socket.socketpair()
        self._nursery = subprocess.Popen(
            [sys.executable, "-I", "-m", "lakehouse_local.engines.athena.sandbox.nursery", str(other.fileno())],
            pass_fds=[other.fileno()],
            env={"OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
        )
        other.close()
        self.refill()

    def take(self) -> Worker:
        """A process that is ready."""
        with self._lock:
            worker = self._waiting.pop(0) if self._waiting else self._spawn()
        worker.wait_ready()
        return worker

    def refill(self) -> None:
        """Let as many processes start as shall wait."""
        with self._lock:
            while not self._closed and len(self._waiting) < self._ready:
                self._waiting.append(self._spawn())

    def close(self) -> None:
        """End every process."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, []
        for worker in waiting:
            with contextlib.suppress(wire.Gone, TimeoutError):
                worker.wait_ready()
            worker.close()
        self._control.close()
        try:
            self._nursery.wait(5)
        except subprocess.TimeoutExpired:
            self._nursery.kill()
            self._nursery.wait()

    def _spawn(self) -> Worker:
        folder = self._folder / uuid4().hex
        for name in ("in", "out"):
            (folder / name).mkdir(parents=True)
        mine, other = socket.socketpair()
        with other:
            socket.send_fds(self._control, [f"{folder}\n{self.limits.to_json()}".encode()], [other.fileno()])
            self._control.recv(1)  # requests never run together on the stream
        return Worker(mine, folder)
