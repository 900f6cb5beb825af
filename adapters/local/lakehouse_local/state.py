"""Documents that this program writes for itself, in the lake or in the home, read back."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from lakehouse_local.errors import StateBroken

_Made = TypeVar("_Made")


def read(body: bytes | str, where: str, make: Callable[[Any], _Made], *, hint: str = "") -> _Made:
    """What ``make`` makes of a JSON document.

    Args:
        body: the document.
        where: its place, for whoever has to mend it.
        make: takes what the JSON says; whatever it misses there means that the document is broken.
        hint: the way back; that to a copy if there is no shorter one.

    Raises:
        StateBroken: not JSON, or not the document that this program writes there.
    """
    try:
        return make(json.loads(body))
    # OverflowError: Python reads JSON's Infinity, and 1e999 as that, and makes no whole number of it.
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError) as problem:
        raise StateBroken(
            f"{where} is not what lakehouse writes there: {type(problem).__name__}: {problem}",
            hint=hint or "bring it back from a copy: a version that S3 kept, or the export of the last lakehouse down",
        ) from problem
