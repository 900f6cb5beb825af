"""Servers as child processes: on loopback, logged, awaited, and never left behind."""

import contextlib
import ctypes
import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import psutil
import tenacity

from lakehouse_local.providers.errors import PortInUse, ServerNotStarted

LOOPBACK = "127.0.0.1"
PORTS_FILE = "ports.json"
# Below the range from which systems take ports for outgoing connections, so that a remembered port stays free.
PORT_RANGE = range(20_000, 30_000)
PR_SET_PDEATHSIG = 1
LOG_LINES = 15

T = TypeVar("T")


def port_for(home: Path, server: str) -> int:
    """The loopback port of a home's server: chosen once, the same after every restart.

    Addresses that a user's shell or notebook holds stay right. PortInUse if another process has taken it.
    """
    file = home / PORTS_FILE
    ports: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    if server not in ports:
        ports[server] = next(port for port in random.sample(PORT_RANGE, 100) if _free(port))
        file.write_text(json.dumps(ports))
    if not _free(ports[server]):
        raise PortInUse(
            f"port {ports[server]} of {server} is in use by {_listener(ports[server])}",
            hint=f"end that process, or give {server} another port in {file}",
        )
    return ports[server]


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _listener(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return "another process"


def last_lines(log: Path) -> str:
    """The end of a log, indented for an error message."""
    lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:] if log.exists() else []
    return "\n".join(f"    {line}" for line in lines) or "    (its log is empty)"


@dataclass(frozen=True)
class Account:
    """Another user of this system, under whom a server runs that refuses root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Server:
    """A running child process and where it logs."""

    title: str
    process: subprocess.Popen[bytes]
    log: Path

    def ended(self) -> str | None:
        """How the process ended, with its last words; None while it runs."""
        code = self.process.poll()
        if code is None:
            return None
        return f"{self.title} ended with code {code}; the end of {self.log}:\n{last_lines(self.log)}"

    def stop(self, gentle: signal.Signals, limit: float = 30) -> None:
        """Ask the process to end, insist after ``limit`` seconds, and end what it left in its group."""
        if self.process.poll() is None:
            self.process.send_signal(gentle)
            try:
                self.process.wait(limit)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def spawn(
    title: str,
    command: Sequence[str | Path],
    log: Path,
    *,
    environment: Mapping[str, str],
    farewell: signal.Signals = signal.SIGKILL,
    account: Account | None = None,
    told: str | None = None,
) -> Server:
    """Start a server that dies with us: on Linux it gets ``farewell`` when the thread that called this ends.

    ``told`` is what it reads from its standard input: secrets have no place on a command line.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd="/",
            env={"PATH": os.defpath, "LANG": "C.UTF-8", **environment},
            stdin=subprocess.DEVNULL if told is None else subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            # Runs after the change of user, which would clear it.
            preexec_fn=partial(_die_with_parent, _libc(), farewell),  # noqa: PLW1509 (the only way to set it)
        )
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write((told or "").encode())
    return Server(title, process, log)


def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent(libc: ctypes.CDLL | None, farewell: signal.Signals) -> None:
    if libc is not None:
        libc.prctl(PR_SET_PDEATHSIG, int(farewell))


def wait_until(server: Server, ready: Callable[[], T], errors: type[Exception], limit: float = 60) -> T:
    """What ``ready`` returns once it raises none of ``errors`` any more.

    ServerNotStarted if the server ends before that, or after ``limit`` seconds.
    """

    def attempt() -> T:
        if (reason := server.ended()) is not None:
            raise ServerNotStarted(reason, hint="lakehouse doctor shows what this machine offers")
        return ready()

    poll = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(errors),
        wait=tenacity.wait_fixed(0.1),
        stop=tenacity.stop_after_delay(limit),
    )
    try:
        return poll(attempt)
    except tenacity.RetryError as error:
        raise ServerNotStarted(
            f"{server.title} did not answer within {limit:.0f} s ({error.last_attempt.exception()}); "
            f"the end of {server.log}:\n{last_lines(server.log)}",
            hint="lakehouse doctor shows what this machine offers",
        ) from None
