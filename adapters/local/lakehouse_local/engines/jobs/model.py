"""A run as it is asked for, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from lakehouse_local.environment import S3Part
from lakehouse_local.settings import Settings


@dataclass(frozen=True)
class Launch:
    """One run of a script.

    ``arguments`` are all that the script sees (``--KEY`` to value); ``worker_type`` and ``workers`` say how large AWS's
    cluster would be; ``timeout`` is in seconds (None: no end). ``bookmarks`` is what earlier runs had read, by
    ``transformation_ctx``.
    """

    run_id: str
    job_name: str
    kind: Literal["spark", "python"]
    script: str
    arguments: Mapping[str, str]
    worker_type: str
    workers: int
    timeout: float | None
    bookmarks: Mapping[str, object]


class Ending(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    TIMEOUT = "timeout"


@dataclass(frozen=True)
class Outcome:
    """The end of a run; ``bookmarks`` is what it committed (None: it committed nothing)."""

    ending: Ending
    message: str
    bookmarks: Mapping[str, object] | None


@dataclass(frozen=True)
class World:
    """What runs share: where they live, the S3, the endpoint that their clients use, and its credentials."""

    folder: Path
    s3: S3Part
    endpoint: str
    settings: Settings
