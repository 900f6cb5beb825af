"""What DMS's resources have in common: addresses, faults, filters, pages."""

import re
import secrets
import string
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lakehouse_local.services.paging import start_of
from lakehouse_local.services.service import AwsError
from lakehouse_local.services.state import Collection, Document

Request = Mapping[str, Any]
Answer = dict[str, Any]
_LETTERS = string.ascii_uppercase + string.digits
_IDENTIFIER = re.compile(r"[A-Za-z](?:-?[A-Za-z0-9])*")
_PAGE = 100


class Arns:
    """Addresses in one account."""

    def __init__(self, region: str, account: str) -> None:
        self.region = region
        self.account = account

    def arn(self, kind: str, request: Request | None = None, name: str = "") -> str:
        """An address: its last part is given, asked for (ResourceIdentifier), or drawn."""
        last = name or (request or {}).get("ResourceIdentifier") or "".join(secrets.choice(_LETTERS) for _ in range(26))
        return f"arn:aws:dms:{self.region}:{self.account}:{kind}:{last}"


def invalid(message: str) -> AwsError:
    """A value that is not allowed."""
    return AwsError("InvalidParameterValueException", message)


def not_found(message: str) -> AwsError:
    """There is none."""
    return AwsError("ResourceNotFoundFault", message)


def wrong_state(message: str) -> AwsError:
    """Not now."""
    return AwsError("InvalidResourceStateFault", message)


def exists(message: str) -> AwsError:
    """The name is taken."""
    return AwsError("ResourceAlreadyExistsFault", message)


def identifier(value: str, what: str) -> str:
    """A name as DMS keeps it: in lower case; letters, digits and single hyphens, a letter first."""
    if not _IDENTIFIER.fullmatch(value) or len(value) > 255:
        raise invalid(
            f"The parameter {what} must be provided and must not be blank: it begins with a letter, holds ASCII letters, "
            f"digits and hyphens, and has no hyphen at its end or two in a row; {value!r} is not so"
        )
    return value.lower()


def present(request: Request, names: Iterable[str]) -> dict[str, Any]:
    """The members among those names that a request has."""
    return {name: request[name] for name in names if name in request}


def filled(members: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is absent."""
    return {name: value for name, value in members.items() if value is not None}


Getter = Callable[[Document], Any]


def find(collection: Collection, arn: str, what: str) -> Document:
    """The document of an address; ResourceNotFoundFault."""
    found = collection.get(arn)
    if found is None:
        raise not_found(f"{what} {arn} not found.")
    return found


def filtered(
    documents: Iterable[Document], request: Request, getters: Mapping[str, Getter], what: str
) -> list[Document]:
    """The documents that a request's Filters let through.

    Raises:
        AwsError: ResourceNotFoundFault if a filter lets none through, as DMS does (its waiters count on it).
    """
    found, filters = list(documents), request.get("Filters", [])
    for each in filters:
        name = each["Name"]
        if name not in getters:
            raise invalid(f"Unrecognized filter name: {name}; there are {', '.join(getters)}")
        found = [document for document in found if getters[name](document) in each["Values"]]
    if filters and not found:
        raise not_found(f"No {what} found matching filter.")
    return found


def paged(name: str, members: list[Any], request: Request, **others: Any) -> Answer:
    """One page of an answer, with the marker of the next one."""
    size = request.get("MaxRecords", _PAGE)
    if not 1 <= size <= 500:
        raise invalid(f"MaxRecords must be between 20 and 100; it is {size}")
    marker = request.get("Marker") or "0"
    start = start_of(marker)
    if start is None:
        raise invalid(f"Marker {marker!r} is none of ours")
    answer: Answer = {name: members[start : start + size], **others}
    if start + size < len(members):
        answer["Marker"] = str(start + size)
    return answer
