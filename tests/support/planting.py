"""Bugs that are planted in our own code, one at a time: each must make a test fail, or the tests prove little.

As a pytest plugin (``-p planting``) it plants, for that whole process, the bug that :data:`PLANTED` in the environment
holds as JSON.
"""

import inspect
import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import reduce
from importlib import import_module
from types import CodeType, FunctionType
from typing import NamedTuple

PLANTED = "LAKEHOUSE_PLANTED_BUG"


class Bug(NamedTuple):
    """A line of a function (``name`` or ``Class.name``) as it should be, and as somebody might have written it."""

    what: str
    module: str
    function: str
    right: str
    wrong: str


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """The function with the bug in it, for everyone who has imported it."""
    import_module(bug.module)
    module = sys.modules[bug.module]  # a package may give something else under the module's name
    function = _at(module, bug.function)
    right = inspect.getsource(function)
    assert right.count(bug.right) == 1, f"{bug.what}: the line is not (or not once) in {bug.function}"
    changed = inspect.getsource(module).replace(right, right.replace(bug.right, bug.wrong))
    namespace: dict[str, object] = {"__name__": bug.module}
    exec(compile(changed, module.__file__ or "", "exec"), namespace)  # noqa: S102 - our own source
    first, _, rest = bug.function.partition(".")
    made = _at(namespace[first], rest)
    healthy: CodeType = function.__code__
    function.__code__ = made.__code__
    try:
        yield
    finally:
        function.__code__ = healthy


def _at(where: object, path: str) -> FunctionType:
    found = inspect.unwrap(reduce(getattr, filter(None, path.split(".")), where))  # type: ignore[arg-type]
    assert isinstance(found, FunctionType), path
    return found


_for_good = ExitStack()


def pytest_configure() -> None:
    """Plant what the environment says, and leave it."""
    if told := os.environ.get(PLANTED):
        _for_good.enter_context(planted(Bug(*json.loads(told))))
