"""A DMS service over real PostgreSQL and moto's S3, EC2, SNS and Secrets Manager."""

import csv
import gzip
import io
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from aws_model import call
from psycopg2.extensions import parse_dsn

from lakehouse_core.contracts import Naming
from lakehouse_local.environment import PostgresPart, S3Part
from lakehouse_local.services.dms.service import DmsService
from lakehouse_local.services.dms.world import DmsWorld
from lakehouse_local.services.state import State
from lakehouse_local.storage import S3Storage

BUCKET = Naming().bucket("bronze")
EVERYTHING = {
    "rule-type": "selection",
    "rule-id": "1",
    "rule-name": "1",
    "object-locator": {"schema-name": "public", "table-name": "%"},
    "rule-action": "include",
}
# The POC's files: gzip, operations on the full load, a timestamp, an explicit NULL, changes in transaction order.
POC_TARGET = {
    "BucketName": BUCKET,
    "BucketFolder": "dms-data",
    "CompressionType": "gzip",
    "CdcPath": "cdc",
    "PreserveTransactions": True,
    "IncludeOpForFullLoad": True,
    "TimestampColumnName": "dms_timestamp",
    "CsvNullValue": r"\N",
    "CdcMaxBatchInterval": 1,
}


def rules(*more: dict[str, Any], first: dict[str, Any] = EVERYTHING) -> str:
    """Table mappings: a selection, and more rules."""
    return json.dumps({"rules": [first, *more]})


@dataclass
class Dms:
    """The service as a client sees it, each answer held to the model; and the parts behind it."""

    part: PostgresPart
    s3: S3Part
    folder: Path
    owner: str | None = None
    lines: list[tuple[str, str, str]] = field(default_factory=list)
    service: DmsService = field(init=False)

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """Start the service on what it remembers."""
        world = DmsWorld(
            state=State(self.folder / "state.db"),
            part=self.s3,
            folder=self.folder,
            ship=self.ship,
            owner=lambda _: self.owner,
        )
        self.service = DmsService(world)

    def ship(self, group: str, stream: str, lines: Sequence[tuple[int, str]]) -> None:
        """Keep log lines."""
        self.lines += [(group, stream, text) for _, text in lines]

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        """Call an operation."""
        return call(self.service, operation, **request)

    def client(self, service: str) -> Any:
        """A client of the forward target."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.s3.endpoint,
            region_name="us-west-2",
            aws_access_key_id=self.s3.access_key,
            aws_secret_access_key=self.s3.secret_key,
        )

    def instance(self, name: str = "rep") -> str:
        """An instance's ARN."""
        answer = self(
            "CreateReplicationInstance", ReplicationInstanceIdentifier=name, ReplicationInstanceClass="dms.t3.medium"
        )
        return str(answer["ReplicationInstance"]["ReplicationInstanceArn"])

    def connection_members(self) -> dict[str, Any]:
        """How a source endpoint reaches the test's PostgreSQL as the role for capture."""
        told = parse_dsn(self.part.capture_dsn)
        members: dict[str, Any] = {
            "ServerName": told["host"],
            "Port": int(told["port"]),
            "DatabaseName": told["dbname"],
            "Username": told["user"],
            "Password": told["password"],
        }
        if "sslrootcert" in told:
            pem = Path(str(told["sslrootcert"])).read_text()
            found = self("DescribeCertificates")["Certificates"]
            certificate = (
                found[0]
                if found
                else self("ImportCertificate", CertificateIdentifier="ca", CertificatePem=pem)["Certificate"]
            )
            members |= {"SslMode": "verify-full", "CertificateArn": certificate["CertificateArn"]}
        return members

    def source(self, name: str = "source", **members: Any) -> str:
        """A source endpoint's ARN."""
        wanted = {"EngineName": "postgres", **self.connection_members(), **members}
        answer = self("CreateEndpoint", EndpointIdentifier=name, EndpointType="source", **wanted)
        return str(answer["Endpoint"]["EndpointArn"])

    def target(self, name: str = "target", **settings: Any) -> str:
        """A target endpoint's ARN; the settings are the POC's, changed."""
        answer = self(
            "CreateEndpoint",
            EndpointIdentifier=name,
            EndpointType="target",
            EngineName="s3",
            S3Settings=POC_TARGET | settings,
        )
        return str(answer["Endpoint"]["EndpointArn"])

    def task(self, name: str = "task", *, source: str = "", target: str = "", **members: Any) -> str:
        """A task's ARN; full-load-and-cdc of every table unless told otherwise."""
        instances = self("DescribeReplicationInstances")["ReplicationInstances"]
        instance = instances[0]["ReplicationInstanceArn"] if instances else self.instance()
        wanted = {"MigrationType": "full-load-and-cdc", "TableMappings": rules(), **members}
        answer = self(
            "CreateReplicationTask",
            ReplicationTaskIdentifier=name,
            ReplicationInstanceArn=instance,
            SourceEndpointArn=source or self.source(),
            TargetEndpointArn=target or self.target(),
            **wanted,
        )
        return str(answer["ReplicationTask"]["ReplicationTaskArn"])

    def start(self, task: str, kind: str = "start-replication") -> None:
        """Start a task."""
        answer = self("StartReplicationTask", ReplicationTaskArn=task, StartReplicationTaskType=kind)
        assert answer["ReplicationTask"]["Status"] == "starting"

    def described(self, task: str) -> dict[str, Any]:
        """The task."""
        filters = [{"Name": "replication-task-arn", "Values": [task]}]
        (found,) = self("DescribeReplicationTasks", Filters=filters)["ReplicationTasks"]
        return dict(found)

    def until(self, what: Callable[[], Any], seconds: float = 60) -> Any:
        """Wait until something holds; what it gave. Where it never does, how the tasks stand is told."""
        end = time.monotonic() + seconds
        while not (found := what()):
            assert time.monotonic() < end, f"it never came to hold; {self._standing()}"
            time.sleep(0.05)
        return found

    def _standing(self) -> str:
        tasks = self("DescribeReplicationTasks")["ReplicationTasks"]
        return "; ".join(
            f"{task['ReplicationTaskIdentifier']}: {task['Status']} {task.get('LastFailureMessage', '')}"
            for task in tasks
        )

    def until_status(self, task: str, status: str) -> dict[str, Any]:
        """Wait for a task's status."""
        return dict(self.until(lambda: found if (found := self.described(task))["Status"] == status else None))

    def stop(self, task: str) -> dict[str, Any]:
        """Stop a task and wait until it has."""
        assert self("StopReplicationTask", ReplicationTaskArn=task)["ReplicationTask"]["Status"] == "stopping"
        return self.until_status(task, "stopped")

    def statistics(self, task: str) -> dict[str, dict[str, Any]]:
        """TableStatistics by table."""
        found = self("DescribeTableStatistics", ReplicationTaskArn=task)["TableStatistics"]
        return {each["TableName"]: each for each in found}

    def until_count(self, task: str, table: str, **counts: int) -> None:
        """Wait until a table's statistics have these counts."""

        def reached() -> bool:
            found = self.statistics(task).get(table, {})
            return all(found.get(name) == count for name, count in counts.items())

        self.until(reached)

    def keys(self, prefix: str = "") -> list[str]:
        """The bucket's keys."""
        return list(S3Storage(self.s3).keys(BUCKET, prefix))

    def rows(self, prefix: str, delimiter: str = ",") -> list[list[str]]:
        """The rows of all objects below a prefix, in the order of keys."""
        found: list[list[str]] = []
        for key in self.keys(prefix):
            body = S3Storage(self.s3).get(BUCKET, key)
            text = (gzip.decompress(body) if key.endswith(".gz") else body).decode()
            found += csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return found


def without_database(s3: S3Part, folder: Path) -> Dms:
    """The service where no PostgreSQL is."""
    nowhere = "host=127.0.0.1 port=1 dbname=saas user=nobody password=secret"
    return Dms(PostgresPart("none", "", "", nowhere, nowhere, "off"), s3, folder)
