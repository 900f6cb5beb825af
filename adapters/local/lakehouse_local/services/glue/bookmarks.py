"""What jobs have read: their bookmarks, and the bookmarks of earlier runs for the way back."""

import json
from collections.abc import Mapping
from typing import Any

from lakehouse_local.services.account import key
from lakehouse_local.services.glue import errors
from lakehouse_local.services.glue.calls import Answer, Request, call
from lakehouse_local.services.glue.named import Named
from lakehouse_local.services.state import State

ENABLED = "job-bookmark-enable"
_NOTHING: dict[str, Any] = {"Version": 0, "Run": 0, "Attempt": 0, "JobBookmark": "{}"}


class Bookmarks:
    """The bookmarks by job, and their calls. An entry has the members of JobBookmarkEntry."""

    def __init__(self, state: State, jobs: Named) -> None:
        self._state = state
        self._jobs = jobs
        self._entries = state.collection("glue.bookmark")
        self._earlier = state.collection("glue.bookmark-of-run")

    def of(self, job: str) -> dict[str, Any]:
        """What a job's runs have read, by ``transformation_ctx``."""
        found = self._entries.get(job)
        return dict(json.loads(found["JobBookmark"])) if found else {}

    def ended(self, job: str, run: str, committed: Mapping[str, object] | None, *, succeeded: bool) -> None:
        """Count a run that had bookmarks enabled, and keep what it committed."""
        with self._state.transaction():
            old = self._entries.get(job) or _NOTHING
            new = {**old, "JobName": job, "RunId": run, "Version": old["Version"] + (committed is not None)}
            new |= {"Run": old["Run"] + 1, "Attempt": 0} if succeeded else {"Attempt": old["Attempt"] + 1}
            if "RunId" in old:
                new["PreviousRunId"] = old["RunId"]
            if committed is not None:
                new["JobBookmark"] = json.dumps(committed)
            self._entries.put(job, new)
            self._earlier.put(key(job, run), new)

    def forget(self, job: str) -> None:
        """Drop the bookmarks of a job that is gone."""
        self._entries.delete(job)
        for at, _ in self._earlier.items(key(job, "")):
            self._earlier.delete(at)

    @call
    def get_job_bookmark(self, request: Request) -> Answer:
        """A job's bookmark, or that of one of its runs."""
        job, run = request["JobName"], request.get("RunId")
        self._jobs.get(job)
        found = self._earlier.get(key(job, run)) if run else self._entries.get(job)
        if found is None:
            raise errors.not_found(f"Entity Not Found: no bookmark of {f'run {run} of ' if run else ''}job {job}")
        return {"JobBookmarkEntry": found}

    @call
    def reset_job_bookmark(self, request: Request) -> Answer:
        """Forget what a job has read, or go back to what it had read after one of its runs."""
        job, run = request["JobName"], request.get("RunId")
        self._jobs.get(job)
        with self._state.transaction():
            old = self._entries.get(job)
            if old is None:
                raise errors.not_found(f"Entity Not Found: no bookmark of job {job}")
            back = self._earlier.get(key(job, run)) if run else {"JobBookmark": "{}", "Run": 0}
            if back is None:
                raise errors.not_found(f"Entity Not Found: no bookmark of run {run} of job {job}")
            moved = {"JobBookmark": back["JobBookmark"], "Run": back["Run"], "Attempt": 0}
            new = {**old, **moved, "Version": old["Version"] + 1}
            self._entries.put(job, new)
        return {"JobBookmarkEntry": new}
