"""What users save in a workgroup: named queries and prepared statements."""

import re
import time
from collections.abc import Mapping
from typing import Any

from lakehouse_local.services.athena.errors import invalid, not_found
from lakehouse_local.services.athena.executions import new_id
from lakehouse_local.services.athena.pages import page
from lakehouse_local.services.athena.workgroups import Workgroups
from lakehouse_local.services.service import AwsError, Operation
from lakehouse_local.services.state import State

Request = Mapping[str, Any]
Document = dict[str, Any]


class NamedQueries:
    """Named queries, known by id."""

    def __init__(self, state: State, workgroups: Workgroups) -> None:
        self._workgroups = workgroups
        self._documents = state.collection("athena.named-query")

    @property
    def operations(self) -> dict[str, Operation]:
        """What is answered."""
        return {
            "CreateNamedQuery": self.create,
            "GetNamedQuery": lambda request: {"NamedQuery": self.get(request["NamedQueryId"])},
            "BatchGetNamedQuery": self.batch,
            "ListNamedQueries": self.list,
            "UpdateNamedQuery": self.update,
            "DeleteNamedQuery": self.delete,
        }

    def get(self, query: str) -> Document:
        """The named query."""
        found = self._documents.get(query)
        if found is None:
            raise invalid(f"NamedQuery {query} was not found")
        return found

    def create(self, request: Request) -> Document:
        """CreateNamedQuery."""
        workgroup = request.get("WorkGroup") or "primary"
        self._workgroups.get(workgroup)
        query = new_id()
        document = {
            name: request[name] for name in ("Name", "Database", "QueryString", "Description") if name in request
        }
        self._documents.put(query, {**document, "NamedQueryId": query, "WorkGroup": workgroup})
        return {"NamedQueryId": query}

    def batch(self, request: Request) -> Document:
        """BatchGetNamedQuery."""
        found = {query: self._documents.get(query) for query in request["NamedQueryIds"]}
        return {
            "NamedQueries": [document for document in found.values() if document],
            "UnprocessedNamedQueryIds": [
                {
                    "NamedQueryId": query,
                    "ErrorCode": "INVALID_INPUT",
                    "ErrorMessage": f"NamedQuery {query} was not found",
                }
                for query, document in found.items()
                if document is None
            ],
        }

    def in_workgroup(self, workgroup: str) -> list[str]:
        """The ids of a workgroup's."""
        return [query for query, document in self._documents.items() if document["WorkGroup"] == workgroup]

    def list(self, request: Request) -> Document:
        """ListNamedQueries."""
        workgroup = request.get("WorkGroup") or "primary"
        self._workgroups.get(workgroup)
        found, following = page(self.in_workgroup(workgroup), request, 50)
        return {"NamedQueryIds": found, **following}

    def update(self, request: Request) -> Document:
        """UpdateNamedQuery."""
        members = {name: request[name] for name in ("Name", "QueryString", "Description") if name in request}
        self.get(request["NamedQueryId"])
        self._documents.update(request["NamedQueryId"], lambda document: {**document, **members})
        return {}

    def delete(self, request: Request) -> Document:
        """DeleteNamedQuery."""
        self.get(request["NamedQueryId"])
        self._documents.delete(request["NamedQueryId"])
        return {}


class Prepared:
    """Prepared statements, by workgroup and name."""

    def __init__(self, state: State, workgroups: Workgroups) -> None:
        self._workgroups = workgroups
        self._documents = state.collection("athena.prepared-statement")

    @property
    def operations(self) -> dict[str, Operation]:
        """What is answered."""
        return {
            "CreatePreparedStatement": self.create,
            "GetPreparedStatement": lambda request: {
                "PreparedStatement": self.get(request["WorkGroup"], request["StatementName"])
            },
            "BatchGetPreparedStatement": self.batch,
            "ListPreparedStatements": self.list,
            "UpdatePreparedStatement": self.update,
            "DeletePreparedStatement": self.delete,
        }

    def get(self, workgroup: str, name: str) -> Document:
        """The prepared statement."""
        self._workgroups.get(workgroup)
        found = self._documents.get(f"{workgroup}\n{name.lower()}")
        if found is None:
            raise not_found(f"PreparedStatement {name} was not found in workGroup {workgroup}", name)
        return found

    def body(self, workgroup: str, name: str) -> str:
        """Its text."""
        return str(self.get(workgroup, name)["QueryStatement"])

    def put(self, workgroup: str, name: str, sql: str) -> None:
        """PREPARE: over an earlier one."""
        document = {
            "StatementName": name,
            "QueryStatement": sql,
            "WorkGroupName": workgroup,
            "LastModifiedTime": time.time(),
        }
        self._documents.put(f"{workgroup}\n{name.lower()}", document)

    def remove(self, workgroup: str, name: str) -> None:
        """DEALLOCATE PREPARE."""
        self.get(workgroup, name)
        self._documents.delete(f"{workgroup}\n{name.lower()}")

    def remove_quietly(self, workgroup: str, name: str) -> None:
        """Remove one of a workgroup that is gone."""
        self._documents.delete(f"{workgroup}\n{name.lower()}")

    def names(self, workgroup: str) -> list[str]:
        """The names in a workgroup."""
        return [key.partition("\n")[2] for key, _ in self._documents.items(f"{workgroup}\n")]

    def create(self, request: Request) -> Document:
        """CreatePreparedStatement."""
        workgroup, name = request["WorkGroup"], request["StatementName"]
        self._workgroups.get(workgroup)
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_@:]{0,255}", name):
            raise invalid(f"Invalid statement name: {name}")
        if self._documents.get(f"{workgroup}\n{name.lower()}") is not None:
            raise invalid(f"PreparedStatement {name} already exists in workGroup {workgroup}")
        self.put(workgroup, name, request["QueryStatement"])
        if "Description" in request:
            self._describe(workgroup, name, request["Description"])
        return {}

    def _describe(self, workgroup: str, name: str, description: str) -> None:
        self._documents.update(
            f"{workgroup}\n{name.lower()}", lambda document: {**document, "Description": description}
        )

    def batch(self, request: Request) -> Document:
        """BatchGetPreparedStatement."""
        found, missing = [], []
        for name in request["PreparedStatementNames"]:
            try:
                found.append(self.get(request["WorkGroup"], name))
            except AwsError as error:
                missing.append(
                    {"StatementName": name, "ErrorCode": "STATEMENT_NOT_FOUND", "ErrorMessage": error.message}
                )
        return {"PreparedStatements": found, "UnprocessedPreparedStatementNames": missing}

    def list(self, request: Request) -> Document:
        """ListPreparedStatements."""
        self._workgroups.get(request["WorkGroup"])
        documents = [document for _, document in self._documents.items(f"{request['WorkGroup']}\n")]
        found, following = page(documents, request, 50)
        return {
            "PreparedStatements": [
                {"StatementName": each["StatementName"], "LastModifiedTime": each["LastModifiedTime"]} for each in found
            ],
            **following,
        }

    def update(self, request: Request) -> Document:
        """UpdatePreparedStatement."""
        self.get(request["WorkGroup"], request["StatementName"])
        self.put(request["WorkGroup"], request["StatementName"], request["QueryStatement"])
        if "Description" in request:
            self._describe(request["WorkGroup"], request["StatementName"], request["Description"])
        return {}

    def delete(self, request: Request) -> Document:
        """DeletePreparedStatement."""
        self.remove(request["WorkGroup"], request["StatementName"])
        return {}
