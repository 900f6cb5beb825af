"""Users' own tables, transforms, rules and marts: the functions that ``LAKEHOUSE_EXTENSIONS`` names, applied in order."""

import importlib
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse_core.contracts import CONTRACTS, Contract
from lakehouse_local.errors import ExtensionInvalid
from lakehouse_local.settings import Settings

if TYPE_CHECKING:
    from lakehouse_core.blueprint import Blueprint

_HINT = (
    "LAKEHOUSE_EXTENSIONS holds module:function, blank between several; modules are looked for where Python does and "
    "in the current folder"
)


def blueprint(settings: Settings) -> "Blueprint":
    """The standard lakehouse with the settings' extensions; ExtensionInvalid or BlueprintInvalid by name."""
    return _extended(settings.extensions)


def contracts(settings: Settings) -> Mapping[str, Contract]:
    """The contracts of that blueprint by entity; without extensions nothing of silver is imported for them."""
    return blueprint(settings).contracts if settings.extensions else CONTRACTS


@lru_cache
def _extended(names: tuple[str, ...]) -> "Blueprint":
    from lakehouse_core.blueprint import STANDARD, Blueprint  # noqa: PLC0415 - silver's libraries are slow to import

    made = STANDARD
    for name in names:
        extended = _function(name)(made)
        if not isinstance(extended, Blueprint):
            raise ExtensionInvalid(
                f"the extension {name} answers {type(extended).__name__}", hint="return the extended blueprint"
            )
        made = extended
    return made


def _function(name: str) -> Callable[["Blueprint"], object]:
    module_name, _, function_name = name.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise ExtensionInvalid(f"the extension {name!r} cannot be imported: {error}", hint=_HINT) from error
    function = getattr(module, function_name, None)
    if not callable(function):
        raise ExtensionInvalid(f"the module {module_name} has no function {function_name!r}", hint=_HINT)
    found: Callable[[Blueprint], object] = function
    return found
