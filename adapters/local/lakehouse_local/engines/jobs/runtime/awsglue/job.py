"""``Job``: a run's beginning and its commit."""

import sys
from collections.abc import Mapping

from . import NotInStandIn
from .bookmarks import BOOKMARKS, DISABLE
from .context import GlueContext
from .utils import getResolvedOptions


class Job:
    """One run of a job; ``commit`` makes its bookmarks count."""

    def __init__(self, glue_context: GlueContext) -> None:
        self._glue_context = glue_context
        self._initialized = False

    def init(self, job_name: str, args: Mapping[str, str] | None = None) -> None:
        """Begin: load the bookmarks that earlier runs committed."""
        given = dict(args or {}) | getResolvedOptions(sys.argv, [])
        BOOKMARKS.start(given.get("job_bookmark_option", DISABLE))
        for name in ("job_bookmark_from", "job_bookmark_to"):
            if name in given:
                raise NotInStandIn(f"--{name.replace('_', '-')}")
        self._initialized = bool(job_name)

    def isInitialized(self) -> bool:
        """Whether ``init`` was called."""
        return self._initialized

    def commit(self) -> None:
        """Make what was read count as read."""
        if not self._initialized:
            raise RuntimeError("Job.commit before Job.init")
        BOOKMARKS.commit()

    def __getattr__(self, name: str) -> object:
        raise NotInStandIn(f"Job.{name}", "init, commit, isInitialized")
