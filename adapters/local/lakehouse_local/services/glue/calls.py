"""How Glue's calls are written down: methods marked as calls, and lists given out in pages."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from lakehouse_local.services.glue import errors
from lakehouse_local.services.paging import start_of
from lakehouse_local.services.service import Operation

Request = Mapping[str, Any]
Answer = dict[str, Any]
Call = TypeVar("Call", bound=Callable[..., Answer])

_MARK = "_glue_call"


def call(method: Call) -> Call:
    """Mark a method as the operation of its name: ``get_table`` is GetTable."""
    setattr(method, _MARK, True)
    return method


def operations_of(parts: Iterable[object]) -> dict[str, Operation]:
    """The marked methods of objects, by the names of their operations."""
    found: dict[str, Operation] = {}
    for part in parts:
        for name in dir(type(part)):
            if hasattr(getattr(type(part), name), _MARK):
                found["".join(word.capitalize() for word in name.split("_"))] = getattr(part, name)
    return found


def paged(request: Request, member: str, items: Sequence[Any], *, default: int = 100) -> Answer:
    """One page of a list: ``member`` holds it, NextToken is there if more follows.

    The token is the number of items before the page; InvalidInputException for any other.
    """
    token = request.get("NextToken") or "0"
    start = start_of(token)
    if start is None:
        raise errors.invalid(f"The token {token!r} is not one that was given out.")
    size = int(request.get("MaxResults") or default)
    answer = {member: list(items[start : start + size])}
    return answer | ({"NextToken": str(start + size)} if start + size < len(items) else {})


def failures(
    targets: Iterable[tuple[Mapping[str, Any], Callable[[], object]]],
) -> list[dict[str, Any]]:
    """Do each of a batch; those that were refused, with the members that name them and their ErrorDetail."""
    found = []
    for names, do in targets:
        try:
            do()
        except errors.AwsError as error:
            found.append({**names, "ErrorDetail": {"ErrorCode": error.code, "ErrorMessage": error.message}})
    return found
