"""Executions as documents: what was asked, how far it is, what came of it."""

import time
import uuid
from collections.abc import Mapping
from typing import Any

from lakehouse_local.engines.athena.model import Heading
from lakehouse_local.services.athena.errors import invalid
from lakehouse_local.services.state import State

Document = dict[str, Any]
ENDED = {"SUCCEEDED", "FAILED", "CANCELLED"}
_FAR = 10**17
"""Microseconds beyond any time: what sorts newest first."""


class Executions:
    """One account's executions, also in the order in which workgroups list them."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._documents = state.collection("athena.execution")
        self._order = state.collection("athena.execution-order")
        self._tokens = state.collection("athena.token")
        self._reusable = state.collection("athena.reusable")

    def create(self, document: Document) -> None:
        """Remember a new one."""
        moment = _FAR - int(document["submitted"] * 1e6)
        with self._state.transaction():
            self._documents.put(document["id"], document)
            self._order.put(f"{document['workgroup']}\n{moment:018d}\n{document['id']}", {})

    def get(self, execution: str) -> Document:
        """The document of an execution."""
        found = self._documents.get(execution)
        if found is None:
            raise invalid(f"QueryExecution {execution} was not found")
        return found

    def change(self, execution: str, **members: Any) -> Document:
        """Set members, unless it has ended."""
        changed = self._documents.update(
            execution, lambda document: document if document["state"] in ENDED else {**document, **members}
        )
        return changed or {}

    def ids(self, workgroup: str) -> list[str]:
        """A workgroup's executions, the newest first."""
        return [key.rpartition("\n")[2] for key, _ in self._order.items(f"{workgroup}\n")]

    def delete_all(self, workgroup: str) -> None:
        """Forget a workgroup's executions."""
        with self._state.transaction():
            for key, _ in self._order.items(f"{workgroup}\n"):
                self._documents.delete(key.rpartition("\n")[2])
                self._order.delete(key)

    def interrupt(self) -> None:
        """Fail what a service that ended left unfinished."""
        for execution, document in self._documents.items():
            if document["state"] not in ENDED:
                error = {
                    "ErrorCategory": 1,
                    "ErrorType": 100,
                    "Retryable": True,
                    "ErrorMessage": "the endpoint was stopped",
                }
                self.change(
                    execution,
                    state="FAILED",
                    reason="the endpoint was stopped while the query ran",
                    error=error,
                    completed=time.time(),
                )

    # The same request twice

    def by_token(self, token: str, request: Mapping[str, Any]) -> str | None:
        """The execution that a client's token has started; InvalidRequestException if it asked for something else."""
        found = self._tokens.get(token)
        if found is None:
            return None
        if found["request"] != _same(request):
            raise invalid("Idempotent parameters do not match", "INVALID_INPUT")
        return str(found["id"])

    def remember_token(self, token: str, request: Mapping[str, Any], execution: str) -> None:
        """What the token stands for from now on."""
        self._tokens.put(token, {"id": execution, "request": _same(request)})

    # The same result twice

    def reusable(self, fingerprint: str, seconds: float) -> Document | None:
        """An execution of the same text that succeeded no longer ago."""
        found = self._reusable.get(fingerprint)
        document = self._documents.get(found["id"]) if found else None
        if document is None or document["state"] != "SUCCEEDED" or time.time() - document["completed"] > seconds:
            return None
        return document

    def remember_result(self, fingerprint: str, execution: str) -> None:
        """The newest result of a text."""
        self._reusable.put(fingerprint, {"id": execution})


def new_id() -> str:
    """A UUID, version 4."""
    return str(uuid.uuid4())


def _same(request: Mapping[str, Any]) -> Document:
    return {name: value for name, value in request.items() if name != "ClientRequestToken"}


def headings_of(document: Mapping[str, Any]) -> tuple[Heading, ...]:
    """The columns of an execution's result."""
    return tuple(Heading(*each) for each in document.get("headings", ()))


def described(document: Mapping[str, Any]) -> Document:
    """A QueryExecution."""
    ended = document.get("completed")
    status: Document = {"State": document["state"], "SubmissionDateTime": document["submitted"]}
    if document.get("reason"):
        status["StateChangeReason"] = document["reason"]
    if document.get("error"):
        status["AthenaError"] = document["error"]
    if ended:
        status["CompletionDateTime"] = ended
    result: Document = {**document["result"], "OutputLocation": document["output"]}
    context = {
        name: document[key] for name, key in (("Database", "database"), ("Catalog", "catalog")) if document.get(key)
    }
    found: Document = {
        "QueryExecutionId": document["id"],
        "Query": document["query"],
        "StatementType": document["type"],
        "ResultConfiguration": result,
        "ResultReuseConfiguration": document.get("reuse") or {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        "QueryExecutionContext": context,
        "Status": status,
        "Statistics": _statistics(document),
        "WorkGroup": document["workgroup"],
        "EngineVersion": document["engine"],
    }
    if document.get("substatement"):
        found["SubstatementType"] = document["substatement"]
    if document.get("parameters"):
        found["ExecutionParameters"] = document["parameters"]
    return found


def _statistics(document: Mapping[str, Any]) -> Document:
    started, ended = document.get("started"), document.get("completed")
    found: Document = {"ResultReuseInformation": {"ReusedPreviousResult": bool(document.get("reused"))}}
    if ended:
        total = _milliseconds(ended - document["submitted"])
        found |= {
            "EngineExecutionTimeInMillis": _milliseconds(ended - (started or ended)),
            "DataScannedInBytes": document.get("scanned", 0),
            "TotalExecutionTimeInMillis": total,
            "QueryQueueTimeInMillis": _milliseconds((started or ended) - document["submitted"]),
            "QueryPlanningTimeInMillis": _milliseconds(document.get("planning", 0)),
            "ServiceProcessingTimeInMillis": _milliseconds(document.get("storing", 0)),
        }
        if document.get("manifest"):
            found["DataManifestLocation"] = document["manifest"]
    return found


def _milliseconds(seconds: float) -> int:
    return max(int(seconds * 1000), 1)
