"""The wire: whose a request is, who may ask, what is refused and how; S3 passes through whole."""

import hashlib
import http.client
import json
import os
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from aws_endpoint import Endpoint
from botocore.exceptions import ClientError

from lakehouse_core.contracts import Naming

BUCKET = Naming().bucket("bronze")
SIGNED = "AWS4-HMAC-SHA256 Credential={key}/20250101/us-west-2/{service}/aws4_request, SignedHeaders=host, Signature=0"


def _open(request: str | urllib.request.Request) -> Any:
    return urllib.request.urlopen(request, timeout=10)  # noqa: S310 (our own http)


def _ask(
    endpoint: Endpoint, headers: dict[str, str], body: bytes = b"{}", path: str = "/"
) -> tuple[int, dict[str, Any]]:
    """One raw request; status and JSON."""
    request = urllib.request.Request(endpoint.aws.endpoint + path, body, headers)  # noqa: S310 (our own http)
    try:
        with _open(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def _glue(endpoint: Endpoint, operation: str, **more: str) -> dict[str, str]:
    signed = SIGNED.format(key=endpoint.s3.access_key, service="glue")
    return {"Authorization": signed, "X-Amz-Target": f"AWSGlue.{operation}"} | more


WRONG = [
    ("GetTable", b"{", "SerializationException", "Expecting"),
    ("GetTable", b"[]", "SerializationException", "list"),
    ("GetTable", b'{"DatabaseName": 5, "Name": "t"}', "SerializationException", "databaseName is int, not string"),
    ("GetTable", b'{"DatabaseName": true, "Name": "t"}', "SerializationException", "bool"),
    ("GetTable", b'{"Name": "t"}', "ValidationException", "Value null at 'databaseName' failed to satisfy constraint"),
    ("GetTable", b'{"DatabaseName": null, "Name": "t"}', "ValidationException", "Member must not be null"),
    ("GetTable", b'{"DatabaseName": "", "Name": ""}', "ValidationException", "2 validation errors detected"),
    ("GetTables", b'{"DatabaseName": "d", "MaxResults": 1000}', "ValidationException", "less than or equal to 100"),
    ("CreateTrigger", b'{"Name":"t","Type":"x","Actions":[]}', "ValidationException", "enum value set: [SCHEDULED"),
    ("NoSuchThing", b"{}", "UnknownOperationException", "NoSuchThing"),
    ("CreateBlueprint", b"{}", "NotImplementedException", "glue:CreateBlueprint is not done"),
    ("GetDatabase", b'{"Name": "none"}', "EntityNotFoundException", "Database none not found."),
    ("GetDatabase", b"[" * 100_000, "SerializationException", ""),
]


@pytest.mark.parametrize(
    ("operation", "body", "code", "message"), WRONG, ids=[f"{w[0]}-{w[2]}-{n}" for n, w in enumerate(WRONG)]
)
def test_bad_requests(endpoint: Endpoint, operation: str, body: bytes, code: str, message: str) -> None:
    """A bad request gets AWS's error shape with status 400, which no SDK repeats."""
    status, error = _ask(endpoint, _glue(endpoint, operation), body)
    assert (status, error["__type"]) == (400, code)
    assert message in (error.get("message") or error["Message"])


STRANGERS = [
    ("another key", {"Authorization": SIGNED.format(key="AKIAOTHER", service="glue")}, "UnrecognizedClientException"),
    ("no signature", {"Authorization": ""}, "MissingAuthenticationTokenException"),
    ("a rebound name", {"Host": "rebind.example"}, "AccessDeniedException"),
    ("a name that begins like ours", {"Host": "localhost.example:80"}, "AccessDeniedException"),
    ("a page of another site", {"Origin": "https://evil.example"}, "AccessDeniedException"),
    ("a sandboxed page", {"Origin": "null"}, "AccessDeniedException"),
]


@pytest.mark.parametrize(("title", "headers", "code"), STRANGERS, ids=[each[0] for each in STRANGERS])
def test_strangers_are_refused(endpoint: Endpoint, title: str, headers: dict[str, str], code: str) -> None:
    """Whoever has not the key, or comes by a browser from elsewhere, gets 403."""
    status, error = _ask(endpoint, _glue(endpoint, "GetDatabases") | headers)
    assert (status, error["__type"]) == (403, code), title


def test_a_page_of_this_machine_may_ask(endpoint: Endpoint) -> None:
    """A notebook's page on loopback is no stranger."""
    assert _ask(endpoint, _glue(endpoint, "GetDatabases", Origin="http://localhost:8888"))[0] == 200


def test_another_key_gets_no_s3(endpoint: Endpoint) -> None:
    """S3 too is behind the key, and says so in S3's shape."""
    with pytest.raises(ClientError) as caught:
        endpoint.client("s3", aws_access_key_id="AKIAOTHER").list_buckets()
    assert caught.value.response["Error"]["Code"] == "InvalidAccessKeyId"


def test_objects_pass_whole(s3_client: Any) -> None:
    """20 MiB there and back are the same bytes, by one connection; odd keys stay as they are."""
    body = os.urandom(20 << 20)
    for key in ("big", "a/../b c+d%2F=&?é"):
        s3_client.put_object(Bucket=BUCKET, Key=key, Body=body)
        back = s3_client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        assert hashlib.sha256(back).digest() == hashlib.sha256(body).digest()
        head = s3_client.head_object(Bucket=BUCKET, Key=key)
        assert head["ContentLength"] == len(body)
    direct = {each["Key"] for each in s3_client.list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert {"big", "a/../b c+d%2F=&?é"} <= direct
    part = s3_client.get_object(Bucket=BUCKET, Key="big", Range="bytes=5-9")
    assert (part["Body"].read(), part["ResponseMetadata"]["HTTPStatusCode"]) == (body[5:10], 206)
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3_client.get_object(Bucket=BUCKET, Key="none")


def test_presigned_urls(endpoint: Endpoint, s3_client: Any) -> None:
    """A URL signed for the endpoint works without any header; one of another key does not."""
    s3_client.put_object(Bucket=BUCKET, Key="presigned", Body=b"x")
    url = s3_client.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "presigned"})
    assert url.startswith(endpoint.aws.endpoint)
    with _open(url) as answer:
        assert answer.read() == b"x"
    other = endpoint.client("s3", aws_access_key_id="AKIAOTHER")
    url = other.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "presigned"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        _open(url)


def test_buckets_as_hosts(endpoint: Endpoint, s3_client: Any) -> None:
    """The Host goes on as it came, so that a bucket's own host finds the bucket; the connection stays open."""
    s3_client.put_object(Bucket=BUCKET, Key="hosted", Body=b"y", ACL="public-read")
    connection = http.client.HTTPConnection(urlsplit(endpoint.aws.endpoint).netloc, timeout=10)
    for _ in range(2):
        connection.request("GET", "/hosted", headers={"Host": f"{BUCKET}.s3.amazonaws.com"})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"y")
        assert connection.sock is not None
    connection.close()


def test_other_services_and_their_keys(endpoint: Endpoint) -> None:
    """STS, IAM and Logs are the forward target's, and a key that STS hands out opens the endpoint."""
    sts = endpoint.client("sts")
    assert sts.get_caller_identity()["Account"] == endpoint.aws.account
    role = endpoint.client("iam").create_role(RoleName="glue", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    given = sts.assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    assumed = endpoint.client("glue", aws_access_key_id=given["AccessKeyId"], aws_session_token=given["SessionToken"])
    assert assumed.get_databases()["ResponseMetadata"]["HTTPStatusCode"] == 200
    endpoint.client("logs").create_log_group(logGroupName="/a")


def test_health_lists_every_call(endpoint: Endpoint) -> None:
    """The health page says of each operation of the model how it is answered, as JSON and for people."""
    address = f"{endpoint.aws.endpoint}/_lakehouse/health"
    with _open(address) as answer:
        found = json.load(answer)["services"]["glue"]
    assert found["calls"]["GetTable"] == "done"
    assert found["calls"]["CreateBlueprint"] == "not yet"
    assert sum(found["counts"].values()) == len(endpoint.client("glue").meta.service_model.operation_names)
    request = urllib.request.Request(address, headers={"Accept": "text/html"})  # noqa: S310 (as above)
    with _open(request) as answer:
        assert "GetTable" in answer.read().decode()


def test_an_oversized_request_is_refused(endpoint: Endpoint) -> None:
    """A body beyond the limit is not held in memory."""
    status, error = _ask(endpoint, _glue(endpoint, "GetDatabases"), b" " * (17 << 20))
    assert (status, error["__type"]) == (413, "RequestEntityTooLargeException")


def test_fifty_clients_at_once(endpoint: Endpoint) -> None:
    """Fifty clients with ten calls each are all answered: they queue, and none is refused."""

    def ask(_: int) -> list[int]:
        return [_ask(endpoint, _glue(endpoint, "GetDatabases"))[0] for _ in range(10)]

    with ThreadPoolExecutor(50) as clients:
        answers = [status for each in clients.map(ask, range(50)) for status in each]
    assert answers == [200] * 500
