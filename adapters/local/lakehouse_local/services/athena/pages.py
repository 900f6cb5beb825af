"""Lists in pages: a token is where the next page starts."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from lakehouse_local.services.athena.errors import invalid
from lakehouse_local.services.paging import start_of

Item = TypeVar("Item")


def encode(position: int) -> str:
    """The token of a position."""
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode()


def decode(token: str | None) -> int:
    """The position of a token; 0 without one."""
    if not token:
        return 0
    try:
        kind, _, number = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        kind, number = "", ""
    start = start_of(number)
    if kind != "at" or start is None:
        raise invalid("Invalid NextToken")
    return start


def page(items: Sequence[Item], request: Mapping[str, Any], size: int) -> tuple[list[Item], dict[str, str]]:
    """The page that a request asks for, and what the answer says of the next one."""
    start = decode(request.get("NextToken"))
    end = start + min(int(request.get("MaxResults", size)), size)
    return list(items[start:end]), {"NextToken": encode(end)} if end < len(items) else {}
