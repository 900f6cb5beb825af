"""AWS's worker types on one machine: as many cores as it has, and no more memory than the driver is allowed."""

import os
import re

CORES = {"Standard": 4, "G.025X": 2, "G.1X": 4, "G.2X": 8, "G.4X": 16, "G.8X": 32, "G.12X": 48, "G.16X": 64}
"""Virtual cores of one worker. Source: Glue API, WorkerType."""
GIB = {"Standard": 16, "G.025X": 4, "G.1X": 16, "G.2X": 32, "G.4X": 64, "G.8X": 128, "G.12X": 192, "G.16X": 256}
"""Memory of one worker."""
DPU = {
    "Standard": 1.0,
    "G.025X": 0.25,
    "G.1X": 1.0,
    "G.2X": 2.0,
    "G.4X": 4.0,
    "G.8X": 8.0,
    "G.12X": 12.0,
    "G.16X": 16.0,
}
"""What one worker is billed as."""
_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def master(worker_type: str, workers: int) -> str:
    """Spark's master: local, with AWS's cores or this machine's, whichever are fewer.

    >>> master("G.025X", 1) in ("local[1]", "local[2]")
    True
    """
    return f"local[{min(os.cpu_count() or 1, CORES[worker_type] * max(1, workers))}]"


def memory(worker_type: str, limit: str) -> str:
    """The driver's heap: the worker's memory, or the limit (``2g``) if that is less.

    >>> memory("G.1X", "2g"), memory("G.025X", "64g")
    ('2g', '4096m')
    """
    match = re.fullmatch(r"(\d+)([kmg])", limit.lower())
    allowed = int(match[1]) * _UNITS[match[2]] if match else 2 << 30
    wanted = GIB[worker_type] << 30
    return limit if allowed <= wanted else f"{wanted >> 20}m"
