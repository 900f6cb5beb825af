"""Connections: kept and given out; what uses one opens it."""

import time

from lakehouse_local.services.glue.calls import Answer, Request, call, failures, paged
from lakehouse_local.services.glue.named import Named
from lakehouse_local.services.glue.tags import Tags

_SECRETS = ("PASSWORD", "ENCRYPTED_PASSWORD")


class Connections:
    """The calls of connections."""

    def __init__(self, connections: Named, tags: Tags) -> None:
        self._connections = connections
        self._tags = tags

    @call
    def create_connection(self, request: Request) -> Answer:
        """Create a connection."""
        given = request["ConnectionInput"]
        now = time.time()
        kept = {name: value for name, value in given.items() if not name.startswith("Validate")}
        self._connections.add(given["Name"], {**kept, "CreationTime": now, "LastUpdatedTime": now, "Status": "READY"})
        self._tags.set("connection", given["Name"], request.get("Tags"))
        return {"CreateConnectionStatus": "READY"}

    @call
    def get_connection(self, request: Request) -> Answer:
        """One connection."""
        found = self._connections.get(request["Name"])
        return {"Connection": _shown(found, without_password=request.get("HidePassword", False))}

    @call
    def get_connections(self, request: Request) -> Answer:
        """All connections, or those of a type or with match criteria."""
        wanted = request.get("Filter", {})
        found = [
            _shown(each, without_password=request.get("HidePassword", False))
            for each in self._connections.all()
            if wanted.get("ConnectionType", each["ConnectionType"]) == each["ConnectionType"]
            and set(wanted.get("MatchCriteria", ())) <= set(each.get("MatchCriteria", ()))
        ]
        return paged(request, "ConnectionList", found)

    @call
    def update_connection(self, request: Request) -> Answer:
        """Replace a connection."""
        given = request["ConnectionInput"]
        kept = {name: value for name, value in given.items() if not name.startswith("Validate")}

        def changed(old: dict[str, object]) -> dict[str, object]:
            own = {"Name": old["Name"], "CreationTime": old["CreationTime"], "LastUpdatedTime": time.time()}
            return {**kept, **own, "Status": "READY"}

        self._connections.change(request["Name"], changed)
        return {}

    @call
    def delete_connection(self, request: Request) -> Answer:
        """Delete a connection."""
        self._delete(request["ConnectionName"])
        return {}

    @call
    def batch_delete_connection(self, request: Request) -> Answer:
        """Delete connections; those that could not be are named, with why."""
        names = request["ConnectionNameList"]
        wrong = failures(({"Name": name}, lambda name=name: self._delete(name)) for name in names)  # type: ignore[misc]
        failed = {each["Name"]: each["ErrorDetail"] for each in wrong}
        return {"Succeeded": [name for name in names if name not in failed], "Errors": failed}

    def _delete(self, name: str) -> None:
        if not self._connections.remove(name):
            raise self._connections.missing(name)
        self._tags.forget("connection", name)


def _shown(connection: dict[str, object], *, without_password: bool) -> dict[str, object]:
    properties = connection["ConnectionProperties"]
    assert isinstance(properties, dict)  # noqa: S101 (the model requires it)
    shown = {name: value for name, value in properties.items() if not (without_password and name in _SECRETS)}
    return {**connection, "ConnectionProperties": shown}
