"""Source and target endpoints: PostgreSQL and S3."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse_core.errors import LakehouseError
from lakehouse_local.engines.dms.source import PostgresEndpoint, authority_file
from lakehouse_local.engines.dms.target import TargetSettings, target_settings
from lakehouse_local.services.dms import postgres_settings
from lakehouse_local.services.dms.certificates import Certificates
from lakehouse_local.services.dms.common import (
    Answer,
    Request,
    exists,
    filtered,
    find,
    identifier,
    invalid,
    paged,
    present,
    wrong_state,
)
from lakehouse_local.services.dms.tags import Registry
from lakehouse_local.services.service import Operation
from lakehouse_local.services.state import Document

ENGINES = {
    ("source", "postgres"): "PostgreSQL",
    ("source", "aurora-postgresql"): "Amazon Aurora PostgreSQL",
    ("target", "s3"): "Amazon S3",
}
_MEMBERS = (
    "Username",
    "ServerName",
    "Port",
    "DatabaseName",
    "ExtraConnectionAttributes",
    "CertificateArn",
    "SslMode",
    "ServiceAccessRoleArn",
    "ExternalTableDefinition",
)
_WHERE = ("ServerName", "Port", "DatabaseName", "Username")
"""Stand both in the endpoint and in its PostgreSQLSettings."""
_AWS_S3 = {
    "CsvRowDelimiter": r"\n",
    "CsvDelimiter": ",",
    "BucketFolder": "",
    "CompressionType": "none",
    "EnableStatistics": True,
    "DatePartitionEnabled": False,
}
"""What AWS fills in where nothing was given."""


class Endpoints:
    """Endpoints by address; their passwords stay here."""

    def __init__(
        self,
        registry: Registry,
        certificates: Certificates,
        secrets: Callable[[], Any],
        folder: Path,
    ) -> None:
        self._endpoints = registry.state.collection("dms.endpoint")
        self._tasks = registry.state.collection("dms.task")
        self._connections = registry.state.collection("dms.connection")
        self._arns = registry.arns
        self._tags = registry.tags
        self._certificates = certificates
        self._secrets = secrets
        self._folder = folder

    @property
    def operations(self) -> dict[str, Operation]:
        """By name."""
        return {
            "CreateEndpoint": self._create,
            "DescribeEndpoints": self._describe,
            "ModifyEndpoint": self._modify,
            "DeleteEndpoint": self._delete,
            "DescribeEndpointTypes": self._types,
        }

    def find(self, arn: str) -> Document:
        """The endpoint; ResourceNotFoundFault."""
        return find(self._endpoints, arn, "Endpoint")

    def postgres(self, endpoint: Document) -> PostgresEndpoint:
        """Where a source endpoint points, with what its secret says.

        Raises:
            AwsError: the secret or the certificate cannot be had, or something is missing.
        """
        wanted: dict[str, Any] = {name: endpoint.get(name) for name in _WHERE}
        settings = endpoint["PostgreSQLSettings"]
        wanted["Password"] = endpoint.get("_password")
        if "SecretsManagerSecretId" in settings:
            wanted |= self._secret(settings["SecretsManagerSecretId"])
        missing = [name for name, value in wanted.items() if value is None]
        if missing:
            raise invalid(f"endpoint {endpoint['EndpointIdentifier']} has no {', '.join(missing)}")
        pem = self._certificates.pem(endpoint["CertificateArn"]) if "CertificateArn" in endpoint else None
        return PostgresEndpoint(
            host=wanted["ServerName"],
            port=int(wanted["Port"]),
            database=wanted["DatabaseName"],
            user=wanted["Username"],
            password=wanted["Password"],
            ssl_mode=endpoint["SslMode"],
            authority=authority_file(self._folder, pem) if pem else None,
        )

    def target(self, endpoint: Document) -> TargetSettings:
        """What an S3 endpoint asks for; InvalidParameterValueException by name."""
        try:
            return target_settings(endpoint.get("S3Settings", {}), endpoint.get("ExtraConnectionAttributes", ""))
        except LakehouseError as problem:
            raise invalid(problem.message) from None

    def _secret(self, name: str) -> dict[str, Any]:
        try:
            text = self._secrets().get_secret_value(SecretId=name)["SecretString"]
            found = json.loads(text)
        except (ClientError, BotoCoreError, ValueError, KeyError) as problem:
            raise invalid(f"the secret {name} cannot be read: {problem}") from None
        names = {"host": "ServerName", "port": "Port", "username": "Username", "password": "Password"}
        return {names[key]: value for key, value in found.items() if key in names}

    def _create(self, request: Request) -> Answer:
        name = identifier(request["EndpointIdentifier"], "EndpointIdentifier")
        if any(known["EndpointIdentifier"] == name for known in self._endpoints.values()):
            raise exists(f"The endpoint {name} already exists.")
        arn = self._arns.arn("endpoint", request)
        endpoint = {
            "SslMode": "none",
            "KmsKeyId": request.get("KmsKeyId")
            or f"arn:aws:kms:{self._arns.region}:{self._arns.account}:alias/aws/dms",
            "EndpointIdentifier": name,
            "EndpointArn": arn,
            "Status": "active",
        }
        endpoint = self._changed(endpoint, request)
        self._endpoints.put(arn, endpoint)
        self._tags.set(arn, request)
        return {"Endpoint": _shown(endpoint)}

    def _changed(self, before: Document, request: Request) -> Document:
        """The endpoint with what a request asks for, if all of it can be honoured."""
        endpoint = before | present(request, _MEMBERS)
        if "EndpointType" in request:
            endpoint["EndpointType"] = request["EndpointType"].lower()
        endpoint |= present(request, ("EngineName",))
        kind = endpoint["EndpointType"], endpoint["EngineName"]
        if kind not in ENGINES:
            done = ", ".join(f"{type_} {engine}" for type_, engine in ENGINES)
            raise invalid(f"a {kind[0]} endpoint of engine {kind[1]} is not done here; done are {done}")
        endpoint["EngineDisplayName"] = ENGINES[kind]
        wanted = "S3Settings" if kind[1] == "s3" else "PostgreSQLSettings"
        for other in request:
            if other.endswith("Settings") and other not in (wanted, "ExactSettings"):
                raise invalid(f"{other} do not belong to engine {kind[1]}")
        given = dict(request.get(wanted, {}))
        if "Password" in request or "Password" in given:
            endpoint["_password"] = given.pop("Password", request.get("Password"))
        old = {} if request.get("ExactSettings") else before.get(wanted, {})
        endpoint[wanted] = {**old, **given}
        if wanted == "PostgreSQLSettings":
            told = {**present(request, _WHERE), **present(given, _WHERE)}
            endpoint |= told
            endpoint[wanted] |= told
        self._check(endpoint)
        return endpoint

    def _check(self, endpoint: Document) -> None:
        if "CertificateArn" in endpoint:
            self._certificates.pem(endpoint["CertificateArn"])
        elif endpoint["SslMode"] in ("verify-ca", "verify-full"):
            raise invalid(f"SslMode {endpoint['SslMode']} needs a CertificateArn")
        if endpoint["EngineName"] == "s3":
            endpoint["S3Settings"] = {**_AWS_S3, **endpoint["S3Settings"]}
            self.target(endpoint)
            return
        settings = endpoint["PostgreSQLSettings"]
        postgres_settings.check(settings, endpoint.get("ExtraConnectionAttributes", ""))
        if "SecretsManagerSecretId" in settings and ("_password" in endpoint or "Username" in endpoint):
            raise invalid("SecretsManagerSecretId excludes Username and Password: the secret has them")

    def _describe(self, request: Request) -> Answer:
        getters = {
            "endpoint-arn": lambda found: found["EndpointArn"],
            "endpoint-id": lambda found: found["EndpointIdentifier"],
            "endpoint-type": lambda found: found["EndpointType"],
            "engine-name": lambda found: found["EngineName"],
        }
        found = filtered(self._endpoints.values(), request, getters, "Endpoints")
        return paged("Endpoints", [_shown(each) for each in found], request)

    def _modify(self, request: Request) -> Answer:
        endpoint = self.find(request["EndpointArn"])
        arn = endpoint["EndpointArn"]
        if busy := [task["ReplicationTaskIdentifier"] for task in self._users(arn) if task["Status"] == "running"]:
            raise wrong_state(
                f"Endpoint {endpoint['EndpointIdentifier']} is in use by running tasks: {', '.join(busy)}."
            )
        changed = self._changed(endpoint, request)
        if "EndpointIdentifier" in request:
            changed["EndpointIdentifier"] = identifier(request["EndpointIdentifier"], "EndpointIdentifier")
        self._endpoints.put(arn, changed)
        for key, connection in self._connections.items():
            if connection["EndpointArn"] == arn:
                self._connections.delete(key)  # what it said was about another endpoint
        return {"Endpoint": _shown(changed)}

    def _delete(self, request: Request) -> Answer:
        endpoint = self.find(request["EndpointArn"])
        arn = endpoint["EndpointArn"]
        if users := self._users(arn):
            names = ", ".join(task["ReplicationTaskIdentifier"] for task in users)
            raise wrong_state(f"Endpoint {endpoint['EndpointIdentifier']} is part of one or more tasks: {names}.")
        self._endpoints.delete(arn)
        self._tags.forget(arn)
        for key, connection in self._connections.items():
            if connection["EndpointArn"] == arn:
                self._connections.delete(key)
        return {"Endpoint": _shown(endpoint) | {"Status": "deleting"}}

    def _users(self, arn: str) -> list[Document]:
        return [task for task in self._tasks.values() if arn in (task["SourceEndpointArn"], task["TargetEndpointArn"])]

    def _types(self, request: Request) -> Answer:
        found = [
            {"EngineName": engine, "SupportsCDC": True, "EndpointType": kind, "EngineDisplayName": display}
            for (kind, engine), display in ENGINES.items()
        ]
        getters = {
            "engine-name": lambda each: each["EngineName"],
            "endpoint-type": lambda each: each["EndpointType"],
        }
        return paged("SupportedEndpointTypes", filtered(found, request, getters, "Endpoint Types"), request)


def _shown(endpoint: Document) -> Answer:
    return {name: value for name, value in endpoint.items() if not name.startswith("_")}
