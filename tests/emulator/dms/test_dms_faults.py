"""What goes wrong: connections that fail, tasks that fail and say why, and what may not be done in which state."""

import json
from collections.abc import Callable
from typing import Any

import psycopg2
import pytest
from dms_service import EVERYTHING, Dms, rules

from lakehouse_local.services.service import AwsError

Sql = Callable[..., None]


def connection_of(dms: Dms, instance: str, endpoint: str) -> dict[str, Any]:
    """What a connection's test said in the end."""
    pair = {"ReplicationInstanceArn": instance, "EndpointArn": endpoint}
    assert dms("TestConnection", **pair)["Connection"]["Status"] == "testing"

    def ended() -> dict[str, Any] | None:
        filters = [{"Name": "endpoint-arn", "Values": [endpoint]}]
        (found,) = dms("DescribeConnections", Filters=filters)["Connections"]
        return found if found["Status"] != "testing" else None

    return dict(dms.until(ended))


def test_a_connection_is_really_made(dms: Dms) -> None:
    """PostgreSQL and the bucket answer, or the test fails with what they said."""
    instance = dms.instance()
    assert connection_of(dms, instance, dms.source())["Status"] == "successful"
    assert connection_of(dms, instance, dms.target())["Status"] == "successful"
    wrong = connection_of(dms, instance, dms.source("wrong", Password="wrong"))
    assert wrong["Status"] == "failed"
    assert "password authentication failed" in wrong["LastFailureMessage"]
    nowhere = connection_of(dms, instance, dms.target("nowhere", BucketName="no-such-bucket"))
    assert (nowhere["Status"], "no-such-bucket" in nowhere["LastFailureMessage"]) == ("failed", True)
    secret = dms.client("secretsmanager")
    told = dms.connection_members()
    text = json.dumps({"username": told["Username"], "password": told["Password"], "host": told["ServerName"]})
    arn = secret.create_secret(Name="capture", SecretString=text)["ARN"]
    settings = {"SecretsManagerSecretId": arn, "SecretsManagerAccessRoleArn": "arn:aws:iam::000000000000:role/r"}
    members = {name: value for name, value in told.items() if name not in ("Username", "Password", "ServerName")}
    by_secret = dms(
        "CreateEndpoint",
        EndpointIdentifier="secret",
        EndpointType="source",
        EngineName="postgres",
        PostgreSQLSettings=settings,
        **members,
    )["Endpoint"]
    assert connection_of(dms, instance, by_secret["EndpointArn"])["Status"] == "successful"


@pytest.mark.usefixtures("app")
def test_a_task_fails_and_says_why(dms: Dms) -> None:
    """A wrong password, no table that matches, a role that may not publish: failed, with a message; then it can be mended."""
    source, target = dms.source("wrong", Password="wrong"), dms.target()
    task = dms.task(source=source, target=target)
    dms.start(task)
    failed = dms.until_status(task, "failed")
    assert "password authentication failed" in failed["LastFailureMessage"]
    dms("ModifyEndpoint", EndpointArn=source, Password=dms.connection_members()["Password"])
    nothing = EVERYTHING | {"object-locator": {"schema-name": "Public", "table-name": "%"}}
    dms("ModifyReplicationTask", ReplicationTaskArn=task, TableMappings=rules(first=nothing))
    dms.start(task, "resume-processing")
    dms.until(lambda: "No tables were found at task initialization" in _failure(dms, task))
    assert _failure(dms, task).endswith("Stop Reason FATAL_ERROR Error Level FATAL")
    dms.owner = None
    dms("ModifyReplicationTask", ReplicationTaskArn=task, TableMappings=rules())
    dms.start(task, "resume-processing")
    dms.until(lambda: "may not publish" in _failure(dms, task))
    dms.owner = dms.part.dsn
    dms.start(task, "resume-processing")
    dms.until_count(task, "product", FullLoadRows=5)
    assert "LastFailureMessage" not in dms.described(task)
    dms.stop(task)


def _failure(dms: Dms, task: str) -> str:
    return str(dms.described(task).get("LastFailureMessage", ""))


@pytest.mark.usefixtures("app")
def test_states_are_held_to(dms: Dms) -> None:
    """Each call in a state that does not allow it is refused with DMS's fault, and changes nothing."""

    def refused(code: str, operation: str, **request: Any) -> None:
        with pytest.raises(AwsError) as caught:
            dms(operation, **request)
        assert caught.value.code == code

    source, target = dms.source(), dms.target()
    task = dms.task(source=source, target=target)
    it = {"ReplicationTaskArn": task}
    refused("InvalidResourceStateFault", "StopReplicationTask", **it)
    combination = "InvalidParameterCombinationException"
    refused(combination, "StartReplicationTask", **it, StartReplicationTaskType="resume-processing")
    assert dms("DescribeTableStatistics", **it)["TableStatistics"] == []
    dms.start(task)
    dms.until_count(task, "product", FullLoadRows=5)
    wrong = "InvalidResourceStateFault"
    refused(wrong, "StartReplicationTask", **it, StartReplicationTaskType="start-replication")
    refused(wrong, "DeleteReplicationTask", **it)
    refused(wrong, "ModifyReplicationTask", **it, MigrationType="cdc")
    refused(wrong, "ModifyEndpoint", EndpointArn=source, Port=1)
    refused(wrong, "DeleteEndpoint", EndpointArn=target)
    instance = dms.described(task)["ReplicationInstanceArn"]
    refused(wrong, "DeleteReplicationInstance", ReplicationInstanceArn=instance)
    unknown = [{"SchemaName": "public", "TableName": "none"}]
    refused("InvalidParameterValueException", "ReloadTables", **it, TablesToReload=unknown)
    dms.stop(task)
    refused(combination, "StartReplicationTask", **it, StartReplicationTaskType="start-replication")
    dms("DeleteReplicationTask", **it)
    refused("ResourceNotFoundFault", "DescribeTableStatistics", **it)
    assert dms("DeleteEndpoint", EndpointArn=source)["Endpoint"]["Status"] == "deleting"
    refused("ResourceNotFoundFault", "DeleteEndpoint", EndpointArn=source)


def test_a_source_that_goes_away_is_waited_for(dms: Dms, sql: Sql) -> None:
    """A recoverable error is no failure: the task tries again and misses nothing."""
    task = dms.task()
    dms.start(task)
    dms.until_count(task, "product", FullLoadRows=5)
    sql("INSERT INTO product VALUES (30)")
    dms.until_count(task, "product", Inserts=1)
    sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lakehouse capture'"
        " AND usename = current_user"
    )
    with psycopg2.connect(dms.part.capture_dsn) as session, session.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'lakehouse capture' AND pid <> pg_backend_pid()"
        )
    sql("INSERT INTO product VALUES (31)")
    dms.until_count(task, "product", Inserts=2)
    assert dms.described(task)["Status"] == "running"
    assert [row[4] for row in dms.rows("dms-data/cdc/")] == ["30", "31"]
    dms.stop(task)
