"""The process that forks query processes: one thread, DuckDB imported and not started, nothing of the environment.

A new interpreter costs a query a third of a second, a fork two milliseconds. It ends when the service does.
"""

import contextlib
import ctypes
import os
import resource
import signal
import socket
import sys

import duckdb

from lakehouse_local.engines.athena.sandbox import landlock, worker
from lakehouse_local.engines.athena.sandbox.limits import Limits

_PARENT_DEATH = 1
_VISIBLE = ("/proc/self/cgroup", "/proc/meminfo", "/sys/fs/cgroup")
"""What DuckDB reads of the machine to know its memory and processors."""


def main(descriptor: int) -> None:
    """Fork a query process for every request: its folder and limits as text, its socket beside it."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children: the kernel buries them
    control = socket.socket(fileno=descriptor)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 64 * 1024, 1)
        if not message:
            return
        folder, _, limits = message.decode().partition("\n")
        if os.fork() == 0:
            control.close()
            _be_child(socket.socket(fileno=descriptors[0]), folder, Limits.from_json(limits))
        for each in descriptors:
            os.close(each)
        control.send(b".")


def _be_child(channel: socket.socket, folder: str, limits: Limits) -> None:
    """Never returns."""
    code = 1
    with contextlib.suppress(BaseException):
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL, 0, 0, 0)
        os.environ.clear()
        os.chdir(folder)
        if limits.confine:
            landlock.confine([f"{folder}/in", *_VISIBLE], [f"{folder}/out"])
        _limit(limits)
        with duckdb.connect(
            config={"threads": limits.threads, "memory_limit": f"{limits.memory_bytes}B"}
        ) as connection:
            worker.serve(channel, connection, folder)
        code = 0
    os._exit(code)


def _limit(limits: Limits) -> None:
    base = 0
    with contextlib.suppress(OSError), open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123
        base = int(statm.read().split()[0]) * resource.getpagesize()
    for what, value in (
        (resource.RLIMIT_AS, base + limits.address_bytes),
        (resource.RLIMIT_CPU, limits.seconds * limits.threads),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (value, value))


if __name__ == "__main__":
    main(int(sys.argv[1]))
