"""Users' own tables, transforms, rules and marts: functions from blueprint to blueprint, by name."""

import importlib
from collections.abc import Callable, Iterable

from lakehouse_core.blueprint import STANDARD, Blueprint
from lakehouse_core.errors import ExtensionInvalid

_HINT = (
    "an extension is module:function; modules are looked for where Python does: here in the current folder too, in AWS in the "
    "wheels that the job installs"
)


def extended(names: Iterable[str]) -> Blueprint:
    """The standard lakehouse with the named extensions, applied in order.

    Args:
        names: ``module:function`` each; a function takes a blueprint and returns one.

    Raises:
        ExtensionInvalid: a name leads to no such function.
        BlueprintInvalid: what the extensions add does not fit together.
    """
    made = STANDARD
    for name in names:
        answered = _function(name)(made)
        if not isinstance(answered, Blueprint):
            raise ExtensionInvalid(
                f"the extension {name} answers {type(answered).__name__}", hint="return the extended blueprint"
            )
        made = answered
    return made


def _function(name: str) -> Callable[[Blueprint], object]:
    module_name, _, function_name = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise ExtensionInvalid(f"the extension {name!r} cannot be imported: {error}", hint=_HINT) from error
    function = getattr(module, function_name, None)
    if not callable(function):
        raise ExtensionInvalid(f"the module {module_name} has no function {function_name!r}", hint=_HINT)
    found: Callable[[Blueprint], object] = function
    return found
