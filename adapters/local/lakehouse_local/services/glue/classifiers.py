"""Classifiers of the user's own: CSV and JSON (the crawler reads no others)."""

import time
from typing import Any

from lakehouse_local.engines.crawler import model
from lakehouse_local.services.glue import errors
from lakehouse_local.services.glue.calls import Answer, Request, call, paged
from lakehouse_local.services.glue.named import Named
from lakehouse_local.services.state import State

_KINDS = ("CsvClassifier", "JsonClassifier")
_NOT_YET = ("GrokClassifier", "XMLClassifier")
_HEADERS: dict[str, Any] = {"PRESENT": "present", "ABSENT": "absent", "UNKNOWN": "unknown"}
_SERDES: dict[str, Any] = {"OpenCSVSerDe": "open", "LazySimpleSerDe": "lazy", "None": None}


class Classifiers:
    """The calls of classifiers."""

    def __init__(self, state: State) -> None:
        self._classifiers = Named(state, "classifier", "Classifier")

    def __contains__(self, name: str) -> bool:
        return name in self._classifiers

    def engine(self, name: str) -> model.Classifier:
        """A classifier as the crawler takes it."""
        ((kind, found),) = self._classifiers.get(name).items()
        if kind == "JsonClassifier":
            return model.JsonClassifier(name, found["JsonPath"])
        return model.CsvClassifier(
            name=name,
            delimiter=found.get("Delimiter", ","),
            quote=found.get("QuoteSymbol", '"'),
            header=_HEADERS[found.get("ContainsHeader", "UNKNOWN")],
            names=tuple(found.get("Header", ())),
            single_column=found.get("AllowSingleColumn", False),
            trim=not found.get("DisableValueTrimming", False),
            serde=_SERDES[found.get("Serde", "None")],
        )

    @call
    def create_classifier(self, request: Request) -> Answer:
        """Create a classifier."""
        kind, given = _the_one(request)
        now = time.time()
        self._classifiers.add(given["Name"], {kind: {**given, "CreationTime": now, "LastUpdated": now, "Version": 1}})
        return {}

    @call
    def update_classifier(self, request: Request) -> Answer:
        """Replace what is given of a classifier."""
        kind, given = _the_one(request)

        def changed(old: dict[str, Any]) -> dict[str, Any]:
            if kind not in old:
                raise errors.invalid(f"Classifier {given['Name']} is of another kind.")
            version = old[kind]["Version"] + 1
            return {kind: {**old[kind], **given, "LastUpdated": time.time(), "Version": version}}

        self._classifiers.change(given["Name"], changed)
        return {}

    @call
    def get_classifier(self, request: Request) -> Answer:
        """One classifier."""
        return {"Classifier": self._classifiers.get(request["Name"])}

    @call
    def get_classifiers(self, request: Request) -> Answer:
        """All classifiers."""
        return paged(request, "Classifiers", self._classifiers.all())

    @call
    def delete_classifier(self, request: Request) -> Answer:
        """Delete a classifier."""
        if not self._classifiers.remove(request["Name"]):
            raise self._classifiers.missing(request["Name"])
        return {}


def _the_one(request: Request) -> tuple[str, dict[str, Any]]:
    for kind in _NOT_YET:
        if kind in request:
            raise errors.invalid(f"The local endpoint's crawlers have no {kind} yet; there are CSV and JSON.")
    given = [kind for kind in _KINDS if kind in request]
    if len(given) != 1:
        raise errors.invalid("Exactly one classifier must be given.")
    if given[0] == "CsvClassifier" and request[given[0]].get("CustomDatatypeConfigured"):
        raise errors.invalid("CustomDatatypes are not supported by the local endpoint's crawlers yet.")
    return given[0], dict(request[given[0]])
