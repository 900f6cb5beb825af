"""Test connections: PostgreSQL is really connected to, the bucket really reached."""

import threading

import psycopg2

from lakehouse_core.errors import LakehouseError
from lakehouse_local.engines.dms.source import probe
from lakehouse_local.providers.s3_client import client, named_errors
from lakehouse_local.services.dms.common import Answer, Request, filtered, not_found, paged, wrong_state
from lakehouse_local.services.dms.endpoints import Endpoints
from lakehouse_local.services.dms.instances import Instances
from lakehouse_local.services.dms.world import DmsWorld
from lakehouse_local.services.service import AwsError, Operation
from lakehouse_local.services.state import Document

_SOON = 2.0
"""Seconds to wait for a test before the answer: most are over by then, and whoever asks next need not ask twice."""


class Connections:
    """What the last test of each pair of instance and endpoint said."""

    def __init__(self, world: DmsWorld, instances: Instances, endpoints: Endpoints) -> None:
        self._connections = world.state.collection("dms.connection")
        self._instances = instances
        self._endpoints = endpoints
        self._s3 = world.part
        self._tests: dict[str, threading.Thread] = {}
        for key, connection in self._connections.items():
            if connection["Status"] == "testing":
                message = "the local endpoint was restarted during the test"
                self._connections.put(key, connection | {"Status": "failed", "LastFailureMessage": message})

    @property
    def operations(self) -> dict[str, Operation]:
        """By name."""
        return {
            "TestConnection": self._test,
            "DescribeConnections": self._describe,
            "DeleteConnection": self._delete,
        }

    def close(self) -> None:
        """Wait for the tests that are under way."""
        for test in list(self._tests.values()):
            test.join(12)

    def _test(self, request: Request) -> Answer:
        instance = self._instances.find(request["ReplicationInstanceArn"])
        endpoint = self._endpoints.find(request["EndpointArn"])
        connection = {
            "ReplicationInstanceArn": instance["ReplicationInstanceArn"],
            "EndpointArn": endpoint["EndpointArn"],
            "Status": "testing",
            "EndpointIdentifier": endpoint["EndpointIdentifier"],
            "ReplicationInstanceIdentifier": instance["ReplicationInstanceIdentifier"],
        }
        key = _key(connection)
        before = self._tests.get(key)
        if before is not None and before.is_alive():
            raise wrong_state(f"endpoint {endpoint['EndpointIdentifier']} is already being tested")
        self._connections.put(key, connection)
        test = threading.Thread(target=self._carry_out, args=(key, connection, endpoint), daemon=True)
        self._tests[key] = test
        test.start()
        test.join(_SOON)
        return {"Connection": connection}

    def _carry_out(self, key: str, connection: Document, endpoint: Document) -> None:
        try:
            if endpoint["EngineName"] == "s3":
                self._reach(self._endpoints.target(endpoint).BucketName)
            else:
                probe(self._endpoints.postgres(endpoint))
        except (psycopg2.Error, LakehouseError, AwsError) as problem:
            detail = problem.message if isinstance(problem, LakehouseError | AwsError) else str(problem).strip()
            text = (
                "Test Endpoint failed: Application-Status: 1020912, Application-Message: Failed to connect, "
                f"Application-Detailed-Message: {detail}"
            )
            self._connections.put(key, connection | {"Status": "failed", "LastFailureMessage": text})
        else:
            self._connections.put(key, connection | {"Status": "successful"})

    def _reach(self, bucket: str) -> None:
        with named_errors(self._s3, f"reaching bucket {bucket}"):
            client(self._s3).head_bucket(Bucket=bucket)

    def _describe(self, request: Request) -> Answer:
        getters = {
            "endpoint-arn": lambda found: found["EndpointArn"],
            "replication-instance-arn": lambda found: found["ReplicationInstanceArn"],
        }
        found = filtered(self._connections.values(), request, getters, "Connections")
        return paged("Connections", found, request)

    def _delete(self, request: Request) -> Answer:
        key = _key(request)
        found = self._connections.get(key)
        if found is None:
            raise not_found("Connection not found.")
        self._connections.delete(key)
        return {"Connection": found | {"Status": "deleting"}}


def _key(pair: Request) -> str:
    return f"{pair['ReplicationInstanceArn']}\n{pair['EndpointArn']}"
