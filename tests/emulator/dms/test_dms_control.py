"""What needs no database: instances, subnet groups, endpoints, certificates, tags, subscriptions, and their refusals."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dms_service import BUCKET, POC_TARGET, Dms, rules, without_database
from psycopg2.extensions import parse_dsn

from lakehouse_local.environment import S3Part
from lakehouse_local.services.service import AwsError

POSTGRES = {"ServerName": "127.0.0.1", "Port": 1, "DatabaseName": "saas", "Username": "u", "Password": "hidden"}


def refused(dms: Dms, code: str, operation: str, **request: Any) -> str:
    """The message of a refusal."""
    with pytest.raises(AwsError) as caught:
        dms(operation, **request)
    assert caught.value.code == code
    return caught.value.message


def test_an_instance_lives_and_dies(control: Dms) -> None:
    """It is available at once, has what Terraform reads, and is not found when it is gone."""
    arn = control.instance("Rep-One")
    (found,) = control("DescribeReplicationInstances")["ReplicationInstances"]
    assert (found["ReplicationInstanceIdentifier"], found["ReplicationInstanceStatus"]) == ("rep-one", "available")
    assert found["NetworkType"] == "IPV4"
    assert found["AvailabilityZone"].startswith("us-west-2")
    assert {"KmsKeyId", "EngineVersion", "PreferredMaintenanceWindow", "ReplicationSubnetGroup"} <= set(found)
    again = {"ReplicationInstanceIdentifier": "rep-one", "ReplicationInstanceClass": "dms.t3.medium"}
    refused(control, "ResourceAlreadyExistsFault", "CreateReplicationInstance", **again)
    wrong = {"ReplicationInstanceIdentifier": "x", "ReplicationInstanceClass": "dms.z9.huge"}
    assert "dms.z9.huge" in refused(control, "InvalidParameterValueException", "CreateReplicationInstance", **wrong)
    changed = control("ModifyReplicationInstance", ReplicationInstanceArn=arn, AllocatedStorage=80)
    assert changed["ReplicationInstance"]["AllocatedStorage"] == 80
    used = {quota["AccountQuotaName"]: quota["Used"] for quota in control("DescribeAccountAttributes")["AccountQuotas"]}
    assert (used["ReplicationInstances"], used["AllocatedStorage"]) == (1, 80)
    gone = control("DeleteReplicationInstance", ReplicationInstanceArn=arn)
    assert gone["ReplicationInstance"]["ReplicationInstanceStatus"] == "deleting"
    by_name = [{"Name": "replication-instance-id", "Values": ["rep-one"]}]
    refused(control, "ResourceNotFoundFault", "DescribeReplicationInstances", Filters=by_name)
    assert control("DescribeReplicationInstances") == {"ReplicationInstances": []}


def test_long_lists_come_in_pages(control: Dms) -> None:
    """A marker leads to the next page until there is none."""
    found, marker = [], {}
    while True:
        page = control("DescribeOrderableReplicationInstances", MaxRecords=20, **marker)
        found += page["OrderableReplicationInstances"]
        if "Marker" not in page:
            break
        marker = {"Marker": page["Marker"]}
    kinds = {(each["EngineVersion"], each["ReplicationInstanceClass"]) for each in found}
    assert len(kinds) == len(found) > 20


def test_a_subnet_group_is_what_ec2_says(control: Dms) -> None:
    """Zones and VPC come from EC2; one zone is too few, an unknown subnet none, a used group stays."""
    subnets = control.client("ec2").describe_subnets()["Subnets"]
    ids = [subnet["SubnetId"] for subnet in subnets]
    name = {"ReplicationSubnetGroupIdentifier": "group", "ReplicationSubnetGroupDescription": "d"}
    group = control("CreateReplicationSubnetGroup", **name, SubnetIds=ids)["ReplicationSubnetGroup"]
    assert group["VpcId"] == subnets[0]["VpcId"]
    zones = {subnet["SubnetAvailabilityZone"]["Name"] for subnet in group["Subnets"]}
    assert zones == {subnet["AvailabilityZone"] for subnet in subnets}
    other = {"ReplicationSubnetGroupIdentifier": "other", "ReplicationSubnetGroupDescription": "d"}
    few = "ReplicationSubnetGroupDoesNotCoverEnoughAZs"
    refused(control, few, "CreateReplicationSubnetGroup", **other, SubnetIds=ids[:1])
    refused(control, "InvalidSubnet", "CreateReplicationSubnetGroup", **other, SubnetIds=["subnet-none"])
    instance = control(
        "CreateReplicationInstance",
        ReplicationInstanceIdentifier="rep",
        ReplicationInstanceClass="dms.t3.micro",
        ReplicationSubnetGroupIdentifier="group",
    )["ReplicationInstance"]
    by_name = {"ReplicationSubnetGroupIdentifier": "group"}
    refused(control, "InvalidResourceStateFault", "DeleteReplicationSubnetGroup", **by_name)
    control("DeleteReplicationInstance", ReplicationInstanceArn=instance["ReplicationInstanceArn"])
    assert control("DeleteReplicationSubnetGroup", **by_name) == {}
    refused(control, "ResourceNotFoundFault", "DeleteReplicationSubnetGroup", **by_name)


def test_passwords_never_come_back(control: Dms) -> None:
    """No answer and no part of it holds what was secret, however it was given."""
    made = control("CreateEndpoint", EndpointIdentifier="one", EndpointType="source", EngineName="postgres", **POSTGRES)
    inner = control(
        "CreateEndpoint",
        EndpointIdentifier="two",
        EndpointType="source",
        EngineName="postgres",
        PostgreSQLSettings=POSTGRES,
    )
    changed = control("ModifyEndpoint", EndpointArn=made["Endpoint"]["EndpointArn"], Password="hidden2", Port=2)
    described = control("DescribeEndpoints")
    assert "hidden" not in json.dumps([made, inner, changed, described])
    one, two = sorted(described["Endpoints"], key=lambda endpoint: endpoint["EndpointIdentifier"])
    assert (one["Status"], one["Port"], one["PostgreSQLSettings"]["Port"]) == ("active", 2, 2)
    assert (two["ServerName"], two["SslMode"]) == ("127.0.0.1", "none")
    assert (control.folder / "state.db").stat().st_mode & 0o077 == 0


NOT_HONOURED = [
    # title, engine, members, what the message names
    ("parquet", "s3", {"S3Settings": POC_TARGET | {"DataFormat": "parquet"}}, "DataFormat"),
    ("folders by date", "s3", {"S3Settings": POC_TARGET | {"DatePartitionEnabled": True}}, "DatePartitionEnabled"),
    ("no quotes", "s3", {"S3Settings": POC_TARGET | {"Rfc4180": False}}, "Rfc4180"),
    ("both exclude", "s3", {"S3Settings": POC_TARGET | {"AddColumnName": True}}, "AddColumnName"),
    ("no bucket", "s3", {"S3Settings": {}}, "BucketName"),
    ("an attribute", "s3", {"S3Settings": POC_TARGET, "ExtraConnectionAttributes": "wonder=1"}, "Wonder"),
    ("a slot", "postgres", {**POSTGRES, "PostgreSQLSettings": {"SlotName": "mine"}}, "SlotName"),
    ("a plugin", "postgres", {**POSTGRES, "ExtraConnectionAttributes": "pluginName=pglogical"}, "PluginName"),
    ("verify without an authority", "postgres", {**POSTGRES, "SslMode": "verify-full"}, "CertificateArn"),
    ("another engine", "mysql", POSTGRES, "mysql"),
]


@pytest.mark.parametrize(("title", "engine", "members", "named"), NOT_HONOURED, ids=[case[0] for case in NOT_HONOURED])
def test_what_is_not_honoured_is_refused_by_name(
    control: Dms, title: str, engine: str, members: dict[str, Any], named: str
) -> None:
    """An endpoint that asks for more than is done is not made."""
    kind = "target" if engine == "s3" else "source"
    request = {"EndpointIdentifier": "e", "EndpointType": kind, "EngineName": engine, **members}
    assert named in refused(control, "InvalidParameterValueException", "CreateEndpoint", **request), title
    assert control("DescribeEndpoints") == {"Endpoints": []}


def test_what_terraform_sends_for_s3_is_taken(control: Dms) -> None:
    """Defaults of a Terraform resource ask for nothing, and come back as they were given."""
    sent = {
        "BucketName": BUCKET,
        "AddColumnName": False,
        "AddTrailingPaddingCharacter": False,
        "CannedAclForObjects": "none",
        "CdcInsertsOnly": False,
        "CsvRowDelimiter": r"\n",
        "DataFormat": "csv",
        "EnableStatistics": True,
        "EncryptionMode": "sse-s3",
        "DictPageSizeLimit": 1048576,
        "ParquetTimestampInMillisecond": False,
        "Rfc4180": True,
        "ServiceAccessRoleArn": "arn:aws:iam::000000000000:role/dms",
    }
    members = {"EndpointIdentifier": "s3", "EndpointType": "target", "EngineName": "s3", "S3Settings": sent}
    made = control("CreateEndpoint", **members, ExtraConnectionAttributes="CdcPath=cdc;preserveTransactions=true")
    assert sent.items() <= made["Endpoint"]["S3Settings"].items()
    assert control("DescribeEndpointTypes")["SupportedEndpointTypes"]


def test_a_certificate_is_read(control: Dms, postgres_server: tuple[Any, str]) -> None:
    """What stands in it is told; what is none is refused; one in use stays."""
    refused(
        control, "InvalidCertificateFault", "ImportCertificate", CertificateIdentifier="c", CertificatePem="nothing"
    )
    told = parse_dsn(postgres_server[0].capture_dsn)
    if "sslrootcert" not in told:
        pytest.skip("this PostgreSQL has no TLS")
    pem = Path(str(told["sslrootcert"])).read_text()
    made = control("ImportCertificate", CertificateIdentifier="ca", CertificatePem=pem)["Certificate"]
    assert made["ValidFromDate"] < made["ValidToDate"]
    arn = made["CertificateArn"]
    by_id = [{"Name": "certificate-id", "Values": ["ca"]}]
    assert control("DescribeCertificates", Filters=by_id)["Certificates"] == [made]
    members = {**POSTGRES, "SslMode": "verify-full", "CertificateArn": arn}
    control("CreateEndpoint", EndpointIdentifier="e", EndpointType="source", EngineName="postgres", **members)
    refused(control, "InvalidResourceStateFault", "DeleteCertificate", CertificateArn=arn)


def test_tags_and_subscriptions(control: Dms) -> None:
    """Tags come, change and go; a subscriber is really told, through SNS."""
    sns, sqs = control.client("sns"), control.client("sqs")
    topic = sns.create_topic(Name="dms")["TopicArn"]
    queue = sqs.create_queue(QueueName="dms")["QueueUrl"]
    address = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=address)
    wanted = {"SourceType": "replication-instance", "EventCategories": ["creation"]}
    refused(control, "SNSInvalidTopicFault", "CreateEventSubscription", SubscriptionName="s", SnsTopicArn=topic + "x")
    control("CreateEventSubscription", SubscriptionName="s", SnsTopicArn=topic, **wanted)
    arn = control.instance()
    control("AddTagsToResource", ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    control("RemoveTagsFromResource", ResourceArn=arn, TagKeys=["b"])
    assert control("ListTagsForResource", ResourceArn=arn) == {"TagList": [{"Key": "a", "Value": "1"}]}
    refused(control, "ResourceNotFoundFault", "ListTagsForResource", ResourceArn=arn + "x")
    control("DeleteReplicationInstance", ReplicationInstanceArn=arn)
    told = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    messages = [json.loads(json.loads(each["Body"])["Message"])["Event Message"] for each in told]
    assert messages == ["Replication instance created"]
    events = control("DescribeEvents", SourceIdentifier="rep", SourceType="replication-instance")["Events"]
    assert [event["EventCategories"] for event in events] == [["creation"], ["deletion"]]
    assert control("DeleteEventSubscription", SubscriptionName="s")["EventSubscription"]["Status"] == "deleting"
    refused(control, "ResourceNotFoundFault", "DescribeEventSubscriptions", SubscriptionName="s")


def _rule(**changes: Any) -> str:
    base = json.loads(rules())["rules"][0]
    return json.dumps({"rules": [base | changes]})


WRONG_TASKS = [
    # title, members, what the message says
    ("mappings that are no JSON", {"TableMappings": "{"}, "not JSON"),
    ("mappings without rules", {"TableMappings": "{}"}, "at least one rule"),
    ("a filter", {"TableMappings": _rule(filters=[{"filter-type": "source"}])}, "filters"),
    ("an unknown action", {"TableMappings": _rule(**{"rule-action": "maybe"})}, "maybe"),
    ("settings that are no JSON", {"ReplicationTaskSettings": "{"}, "Invalid task settings JSON"),
    ("an unknown setting", {"ReplicationTaskSettings": '{"Wonder": 1}'}, "Wonder"),
    ("full LOB mode", {"ReplicationTaskSettings": '{"TargetMetadata": {"FullLobMode": true}}'}, "FullLobMode"),
    (
        "validation",
        {"ReplicationTaskSettings": '{"ValidationSettings": {"EnableValidation": true}}'},
        "EnableValidation",
    ),
    ("a start time", {"CdcStartTime": 1700000000}, "CdcStartTime"),
    ("a stop at a commit", {"CdcStopPosition": "commit_time:2030-01-01T00:00:00"}, "CdcStopPosition"),
]


@pytest.fixture(scope="module")
def wanted(s3_server: S3Part, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Dms, dict[str, Any]]]:
    """A service, and a request for a task that it would take."""
    made = without_database(s3_server, tmp_path_factory.mktemp("dms"))
    source = {"EndpointIdentifier": "s", "EndpointType": "source", "EngineName": "postgres", **POSTGRES}
    yield (
        made,
        {
            "ReplicationTaskIdentifier": "t",
            "ReplicationInstanceArn": made.instance(),
            "SourceEndpointArn": made("CreateEndpoint", **source)["Endpoint"]["EndpointArn"],
            "TargetEndpointArn": made.target(),
            "MigrationType": "cdc",
            "TableMappings": rules(),
        },
    )
    made.service.close()


@pytest.mark.parametrize(("title", "members", "said"), WRONG_TASKS, ids=[case[0] for case in WRONG_TASKS])
def test_a_task_that_asks_for_what_is_not_done_is_refused(
    wanted: tuple[Dms, dict[str, Any]], title: str, members: dict[str, Any], said: str
) -> None:
    """Bad documents and settings are refused when the task is made, by name."""
    dms, request = wanted
    message = refused(dms, "InvalidParameterValueException", "CreateReplicationTask", **(request | members))
    assert said in message, title
    assert dms("DescribeReplicationTasks") == {"ReplicationTasks": []}


def test_an_empty_request_has_the_defaults(wanted: tuple[Dms, dict[str, Any]]) -> None:
    """What is not said is filled in, and what was shown may come back: also the log's place, which DMS alone says."""
    dms, request = wanted
    settings = json.dumps({"Logging": {"EnableLogging": True}})
    task = dms("CreateReplicationTask", **request, ReplicationTaskSettings=settings)["ReplicationTask"]
    shown = json.loads(task["ReplicationTaskSettings"])
    assert shown["FullLoadSettings"]["TargetTablePrepMode"] == "DROP_AND_CREATE"
    assert shown["Logging"]["CloudWatchLogGroup"] == "dms-tasks-rep"
    it = {"ReplicationTaskArn": task["ReplicationTaskArn"]}
    changed = dms("ModifyReplicationTask", **it, ReplicationTaskSettings=task["ReplicationTaskSettings"])
    assert json.loads(changed["ReplicationTask"]["ReplicationTaskSettings"]) == shown
    brief = dms("DescribeReplicationTasks", WithoutSettings=True)["ReplicationTasks"]
    assert [set(each) & {"TableMappings", "ReplicationTaskSettings"} for each in brief] == [set()]
    dms("DeleteReplicationTask", **it)
