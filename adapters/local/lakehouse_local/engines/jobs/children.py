"""Ending a run for good: its process, its group, and whatever it started elsewhere."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys

import psutil

MARK = "LAKEHOUSE_JOB_RUN"
"""The environment variable by which every process of a run is known, wherever it went."""
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def adopt() -> None:
    """In the new process before the script: it dies with us, and what its children leave behind falls to it."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end(process: subprocess.Popen[bytes], run_id: str) -> None:
    """End the run's processes, every one of them."""
    strays = _descendants(process.pid)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for stray in (*strays, *_marked(run_id)):
        with contextlib.suppress(psutil.Error):
            stray.kill()
    process.wait()
    sweep(run_id)  # what was started between the look and the kill


def sweep(run_id: str) -> None:
    """End what a run left whose own process is gone, and whoever watched it as well."""
    for stray in _marked(run_id):
        with contextlib.suppress(psutil.Error):
            stray.kill()


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def _marked(run_id: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == run_id:
                found.append(process)
    return found
