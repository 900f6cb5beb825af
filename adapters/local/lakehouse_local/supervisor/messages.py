"""What passes between ``up`` and ``down`` and the supervisor, as JSON."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lakehouse_core.contracts import Naming
from lakehouse_core.errors import LakehouseError
from lakehouse_local.settings import Settings

OUTCOME_FILE = "down.json"


def settings_to_json(settings: Settings) -> str:
    """Settings as text."""
    return json.dumps(asdict(settings), default=str)


def settings_from_json(text: str) -> Settings:
    """Settings from the text of ``settings_to_json``."""
    fields = json.loads(text)
    return Settings(
        **{
            **fields,
            "home": Path(fields["home"]),
            "cache": Path(fields["cache"]),
            "extensions": tuple(fields["extensions"]),
            "naming": Naming(**fields["naming"]),
        }
    )


def error_to_json(error: LakehouseError) -> dict[str, Any]:
    """An error's name, message and hint."""
    return {"kind": type(error).__name__, "message": error.message, "hint": error.hint}


def error_from_json(message: dict[str, Any]) -> LakehouseError:
    """The same error, of the same class, on the other side; the base class if that is not known here."""
    kinds = {kind.__name__: kind for kind in _descendants(LakehouseError)}
    return kinds.get(message["kind"], LakehouseError)(message["message"], hint=message["hint"])


def _descendants(kind: type[LakehouseError]) -> list[type[LakehouseError]]:
    return [child for direct in kind.__subclasses__() for child in (direct, *_descendants(direct))]
