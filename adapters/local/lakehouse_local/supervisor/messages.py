"""What passes between ``up`` and ``down`` and the supervisor, as JSON."""

from typing import Any

from lakehouse_core.errors import LakehouseError

OUTCOME_FILE = "down.json"


def error_to_json(error: LakehouseError) -> dict[str, Any]:
    """An error's name, message and hint."""
    return {"kind": type(error).__name__, "message": error.message, "hint": error.hint}


def error_from_json(message: dict[str, Any]) -> LakehouseError:
    """The same error, of the same class, on the other side; the base class if that is not known here."""
    kinds = {kind.__name__: kind for kind in _descendants(LakehouseError)}
    return kinds.get(message["kind"], LakehouseError)(message["message"], hint=message["hint"])


def _descendants(kind: type[LakehouseError]) -> list[type[LakehouseError]]:
    return [child for direct in kind.__subclasses__() for child in (direct, *_descendants(direct))]
