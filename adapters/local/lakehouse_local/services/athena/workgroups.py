"""Workgroups: where results go, what a query may read, and whether a query may run at all."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse_local.services.account import Account
from lakehouse_local.services.athena.errors import invalid
from lakehouse_local.services.athena.pages import page
from lakehouse_local.services.service import Operation
from lakehouse_local.services.state import State

Request = Mapping[str, Any]
Document = dict[str, Any]

ENGINE = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}
_SMALLEST_CUTOFF = 10_000_000
_NO_OUTPUT = (
    "No output location provided. An output location is required either through the Workgroup result configuration setting or "
    "as an API input."
)


@dataclass(frozen=True)
class Terms:
    """What a workgroup makes of one query's settings."""

    workgroup: str
    result: Mapping[str, Any]
    cutoff: int | None
    engine: Mapping[str, str]


class Workgroups:
    """The account's workgroups; ``primary`` is always there."""

    def __init__(self, state: State, account: Account) -> None:
        self._account = account
        self._state = state
        self._documents = state.collection("athena.workgroup")
        self._tags = state.collection("athena.tags")
        self._documents.insert(
            "primary",
            {
                "Name": "primary",
                "State": "ENABLED",
                "Configuration": {
                    "ResultConfiguration": {},
                    "EnforceWorkGroupConfiguration": False,
                    "PublishCloudWatchMetricsEnabled": False,
                    "RequesterPaysEnabled": False,
                    "EngineVersion": ENGINE,
                },
                "CreationTime": time.time(),
            },
        )

    @property
    def operations(self) -> dict[str, Operation]:
        """What is answered."""
        return {
            "CreateWorkGroup": self.create,
            "GetWorkGroup": lambda request: {"WorkGroup": self.get(request["WorkGroup"])},
            "ListWorkGroups": self.list,
            "UpdateWorkGroup": self.update,
            "ListEngineVersions": lambda _: {
                "EngineVersions": [{**ENGINE, "SelectedEngineVersion": ENGINE["EffectiveEngineVersion"]}, ENGINE]
            },
        }

    def get(self, name: str) -> Document:
        """The workgroup."""
        found = self._documents.get(name)
        if found is None:
            raise invalid(f"WorkGroup {name} is not found.")
        return found

    def arn(self, name: str) -> str:
        """A workgroup's ARN."""
        return self._account.arn("athena", f"workgroup/{name}")

    def create(self, request: Request) -> Document:
        """CreateWorkGroup."""
        name = request["Name"]
        configuration = _checked(
            {
                "ResultConfiguration": {},
                "EnforceWorkGroupConfiguration": True,
                "PublishCloudWatchMetricsEnabled": True,
                "RequesterPaysEnabled": False,
                **request.get("Configuration", {}),
            }
        )
        configuration["EngineVersion"] = _engine(configuration.get("EngineVersion"))
        document: Document = {
            "Name": name,
            "State": "ENABLED",
            "Configuration": configuration,
            "Description": request.get("Description", ""),
            "CreationTime": time.time(),
        }
        if not self._documents.insert(name, document):
            raise invalid("WorkGroup is already created")
        if request.get("Tags"):
            self._tags.put(self.arn(name), {"Tags": list(request["Tags"])})
        return {}

    def list(self, request: Request) -> Document:
        """ListWorkGroups."""
        found, following = page([document for _, document in self._documents.items()], request, 50)
        return {
            "WorkGroups": [
                {
                    "Name": each["Name"],
                    "State": each["State"],
                    "Description": each.get("Description", ""),
                    "CreationTime": each["CreationTime"],
                    "EngineVersion": each["Configuration"]["EngineVersion"],
                }
                for each in found
            ],
            **following,
        }

    def update(self, request: Request) -> Document:
        """UpdateWorkGroup."""
        changes = dict(request.get("ConfigurationUpdates", {}))

        def change(document: Document) -> Document:
            configuration = dict(document["Configuration"])
            result = dict(configuration.get("ResultConfiguration", {}))
            updates = dict(changes.pop("ResultConfigurationUpdates", {}))
            for member in ("OutputLocation", "EncryptionConfiguration", "ExpectedBucketOwner", "AclConfiguration"):
                if updates.get("Remove" + member):
                    result.pop(member, None)
                if member in updates:
                    result[member] = updates[member]
            configuration["ResultConfiguration"] = result
            if changes.pop("RemoveBytesScannedCutoffPerQuery", False):
                configuration.pop("BytesScannedCutoffPerQuery", None)
            if changes.pop("RemoveCustomerContentEncryptionConfiguration", False):
                configuration.pop("CustomerContentEncryptionConfiguration", None)
            configuration.update(changes)
            configuration["EngineVersion"] = _engine(configuration.get("EngineVersion"))
            return {
                **document,
                "Configuration": _checked(configuration),
                "State": request.get("State", document["State"]),
                "Description": request.get("Description", document.get("Description", "")),
            }

        if self._documents.update(request["WorkGroup"], change) is None:
            raise invalid(f"WorkGroup {request['WorkGroup']} is not found.")
        return {}

    def delete(self, name: str) -> None:
        """Remove one; the caller has looked whether it is empty."""
        if name == "primary":
            raise invalid("The primary workgroup cannot be deleted.")
        self.get(name)
        self._documents.delete(name)
        self._tags.delete(self.arn(name))

    def terms(self, request: Request) -> Terms:
        """What holds for a StartQueryExecution: an enforced configuration wins silently."""
        name = request.get("WorkGroup") or "primary"
        document = self.get(name)
        if document["State"] == "DISABLED":
            raise invalid(f"WorkGroup {name} is disabled.")
        configuration = document["Configuration"]
        own = configuration.get("ResultConfiguration", {})
        asked = dict(request.get("ResultConfiguration", {}))
        result = dict(own) if configuration.get("EnforceWorkGroupConfiguration") else {**own, **asked}
        location = result.get("OutputLocation")
        if not location:
            raise invalid(_NO_OUTPUT)
        if not location.startswith("s3://") or not location[5:].split("/")[0]:
            raise invalid(f"outputLocation is not a valid S3 path: {location}")
        result["OutputLocation"] = location if location.endswith("/") else f"{location}/"
        return Terms(name, result, configuration.get("BytesScannedCutoffPerQuery"), configuration["EngineVersion"])


def _engine(asked: Mapping[str, str] | None) -> dict[str, str]:
    selected = (asked or {}).get("SelectedEngineVersion", "AUTO")
    if selected not in {"AUTO", ENGINE["EffectiveEngineVersion"]}:
        raise invalid(f"Engine version {selected} is not supported; there is {ENGINE['EffectiveEngineVersion']}")
    return {**ENGINE, "SelectedEngineVersion": selected}


def _checked(configuration: Document) -> Document:
    cutoff = configuration.get("BytesScannedCutoffPerQuery")
    if cutoff is not None and cutoff < _SMALLEST_CUTOFF:
        raise invalid(f"BytesScannedCutoffPerQuery must be at least {_SMALLEST_CUTOFF}")
    if configuration.get("ManagedQueryResultsConfiguration", {}).get("Enabled"):
        raise invalid("Managed query results are not kept by this endpoint yet: give an OutputLocation")
    return configuration
