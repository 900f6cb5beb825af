"""Where the capture can be killed: calls of its own code, before or after; the product knows nothing of them."""

import os
import signal
import sys
from collections.abc import Callable
from functools import reduce, wraps
from importlib import import_module
from multiprocessing import Value
from typing import Any, Literal, NamedTuple

from lakehouse_local.capture.manifest import PREFIX
from lakehouse_local.capture.pgoutput import Truncate


class Point(NamedTuple):
    """A call of ``function`` (``name`` or ``Class.name`` in ``module``); ``only`` picks some by their arguments."""

    name: str
    module: str
    function: str
    when: Literal["before", "after"]
    only: Callable[..., bool] = lambda *_: True


def _manifest(_bronze: object, key: str, _body: bytes) -> bool:
    return key.startswith(PREFIX)


def _file(_bronze: object, key: str, _body: bytes) -> bool:
    return not key.startswith(PREFIX)


def _truncate(_assembler: object, message: object, _lsn: int) -> bool:
    return isinstance(message, Truncate)


_ROOM = "lakehouse_local.capture."
LOAD = (
    Point("load: publication made", _ROOM + "source", "ensure_publication", "after"),
    Point("load: before the slot", _ROOM + "load", "_create_slot", "before"),
    Point("load: slot made", _ROOM + "load", "_create_slot", "after"),
    Point("load: before a table", _ROOM + "load", "Loader._copy", "before"),
    Point("load: before a file is stored", _ROOM + "objects", "Bronze.store", "before"),
    Point("load: file stored", _ROOM + "objects", "Bronze.store", "after"),
    Point("load: table done", _ROOM + "load", "Loader._copy", "after"),
)
CHANGES = (
    Point("checkpoint read", _ROOM + "objects", "Bronze.newest", "after"),
    Point("slot looked at", _ROOM + "stream", "Stream._check", "after"),
    Point("marker sent", _ROOM + "stream", "_Session._beat", "after"),
    Point("message arrived", _ROOM + "stream", "decode", "before"),
    Point("message decoded", _ROOM + "stream", "decode", "after"),
    Point("new relation", _ROOM + "stream", "_Session._shape", "after"),
    Point("truncate", _ROOM + "changes", "Assembler._change", "before", _truncate),
    Point("transaction complete", _ROOM + "stream", "_Session._add", "before"),
    Point("changes set aside", _ROOM + "transaction", "Transaction._seal", "after"),
    Point("in the midst of a file", _ROOM + "batch", "_File.write", "after"),
    Point("before a file is stored", _ROOM + "objects", "Bronze.store_new", "before", _file),
    Point("file stored", _ROOM + "objects", "Bronze.store_new", "after", _file),
    Point("before a manifest", _ROOM + "objects", "Bronze.store_new", "before", _manifest),
    Point("manifest stored, not acknowledged", _ROOM + "objects", "Bronze.store_new", "after", _manifest),
    Point("acknowledged", _ROOM + "stream", "_Session._flush", "after"),
)
POINTS = LOAD + CHANGES


class Hits:
    """How often a point was passed, counted over the lives of a process that is killed and started again."""

    def __init__(self) -> None:
        self._count = Value("q", 0)

    def one_more(self) -> int:
        """The number of this passing, from 1."""
        with self._count.get_lock():
            self._count.value += 1
            return int(self._count.value)

    @property
    def count(self) -> int:
        """The passings so far."""
        return int(self._count.value)


class Trap(NamedTuple):
    """A point at whose passing of that number (0: none, they are only counted) a process kills itself."""

    point: Point
    hits: Hits
    kill_at: int = 0

    def arm(self) -> None:
        """Set it in this process, for good."""
        point = self.point
        import_module(point.module)
        *path, name = point.function.split(".")
        owner = reduce(getattr, path, sys.modules[point.module])
        real = getattr(owner, name)

        def passed(*arguments: Any) -> None:
            if point.only(*arguments) and self.hits.one_more() == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

        @wraps(real)
        def guarded(*arguments: Any, **named: Any) -> Any:
            if point.when == "before":
                passed(*arguments)
            answer = real(*arguments, **named)
            if point.when == "after":
                passed(*arguments)
            return answer

        setattr(owner, name, guarded)
