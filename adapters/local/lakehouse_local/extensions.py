"""The blueprint that ``LAKEHOUSE_EXTENSIONS`` makes; modules are looked for in the current folder too."""

import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse_core.contracts import CONTRACTS, Contract
from lakehouse_local.settings import Settings

if TYPE_CHECKING:
    from lakehouse_core.blueprint import Blueprint


def blueprint(settings: Settings) -> "Blueprint":
    """The standard lakehouse with the settings' extensions; ExtensionInvalid or BlueprintInvalid by name."""
    return _extended(settings.extensions)


def contracts(settings: Settings) -> Mapping[str, Contract]:
    """The contracts of that blueprint by entity; without extensions nothing of silver is imported for them."""
    return blueprint(settings).contracts if settings.extensions else CONTRACTS


@lru_cache
def _extended(names: tuple[str, ...]) -> "Blueprint":
    from lakehouse_core.extensions import extended  # noqa: PLC0415 - silver's libraries are slow to import

    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    return extended(names)
