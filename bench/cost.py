"""What a piece of work costs: seconds on the clock, and CPU seconds of Python and its JVM (steadier on a shared machine)."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, order=True)
class Cost:
    """CPU seconds and wall seconds; the least CPU is the best."""

    cpu: float
    wall: float


def measured(work: Callable[[], object]) -> Cost:
    """What one call costs this process and its children."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    before, started = [_cpu(p) for p in processes], time.monotonic()
    work()
    wall = time.monotonic() - started
    return Cost(sum(max(0.0, _cpu(p) - b) for p, b in zip(processes, before, strict=True)), wall)


def on_the_clock(work: Callable[[], object]) -> Cost:
    """The same for work that other processes do, whose CPU is not seen: the clock stands for both."""
    cost = measured(work)
    return Cost(cost.wall, cost.wall)


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:  # one of Spark's Python workers, which come and go
        return 0.0
    return times.user + times.system
