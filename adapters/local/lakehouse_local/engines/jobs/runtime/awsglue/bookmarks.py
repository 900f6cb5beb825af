"""Job bookmarks: which objects of S3 earlier runs have read, by ``transformation_ctx``.

An object counts as read by its time of last modification, as in AWS Glue: one that is written again is read again.
"""

import json
import os
from pathlib import Path

FOLDER = "LAKEHOUSE_BOOKMARKS"
ENABLE, DISABLE, PAUSE = "job-bookmark-enable", "job-bookmark-disable", "job-bookmark-pause"


class Bookmarks:
    """This run's bookmarks; nothing is tracked before :meth:`start`."""

    def __init__(self) -> None:
        self._option = DISABLE
        self._before: dict[str, dict[str, object]] = {}
        self._after: dict[str, dict[str, object]] = {}

    def start(self, option: str) -> None:
        """Load what earlier runs had read."""
        if option not in (ENABLE, DISABLE, PAUSE):
            raise ValueError(f"--job-bookmark-option is {option!r}; it is one of {ENABLE}, {DISABLE}, {PAUSE}")
        self._option = option
        if option != DISABLE:
            self._before = json.loads((Path(os.environ[FOLDER]) / "bookmarks.json").read_text())

    def unread(self, context: str, objects: list[tuple[str, int]]) -> list[str]:
        """The addresses that the context has not read, out of (address, epoch milliseconds) pairs."""
        if self._option == DISABLE or not context:
            return [address for address, _ in objects]
        before = self._before.get(context, {})
        until, at_until = int(str(before.get("until", -1))), before.get("at_until", [])
        assert isinstance(at_until, list)
        new = [(a, time) for a, time in objects if time > until or (time == until and a not in at_until)]
        if new:
            last = max(time for _, time in new)
            seen = [a for a, time in new if time == last]
            self._after[context] = {"until": last, "at_until": sorted({*seen, *(at_until if last == until else [])})}
        return [address for address, _ in new]

    def commit(self) -> None:
        """Write down what this run has read, atomically; only an enabled bookmark moves."""
        if self._option != ENABLE:
            return
        target = Path(os.environ[FOLDER]) / "committed.json"
        draft = target.with_suffix(".part")
        draft.write_text(json.dumps(self._before | self._after))
        draft.replace(target)


BOOKMARKS = Bookmarks()
"""Those of this process."""
