"""Whose a request is, and who may ask."""

import pytest

from lakehouse_local.gateway.guard import Keys, is_local, is_local_origin
from lakehouse_local.gateway.routing import Route, route

ROUTES = [
    (
        {"Authorization": "AWS4-HMAC-SHA256 Credential=AK/20250101/us-west-2/glue/aws4_request, Signature=x"},
        {},
        "glue",
        "AK",
    ),
    ({"Authorization": "AWS4-ECDSA-P256-SHA256 Credential=AK/20250101/s3/aws4_request, Signature=x"}, {}, "s3", "AK"),
    ({"Authorization": "AWS AK:signature"}, {}, "s3", "AK"),
    ({}, {"X-Amz-Credential": "AK/20250101/us-west-2/athena/aws4_request"}, "athena", "AK"),
    ({}, {"AWSAccessKeyId": "AK", "Signature": "x"}, "s3", "AK"),
    ({"X-Amz-Target": "AmazonDMSv20160101.DescribeEndpoints"}, {}, "dms", None),
    ({"X-Amz-Target": "Logs_20140328.PutLogEvents"}, {}, "s3", None),
    ({}, {}, "s3", None),
    ({"Authorization": "Bearer token"}, {}, "s3", None),
]


@pytest.mark.parametrize(("headers", "query", "service", "key"), ROUTES, ids=[str(n) for n in range(len(ROUTES))])
def test_routes(headers: dict[str, str], query: dict[str, str], service: str, key: str | None) -> None:
    """The signature says whose a request is, in a header or in a URL; without one it is S3's, but for a known target."""
    assert route(headers, query) == Route(service, key)


HOSTS = [
    ("127.0.0.1:4566", True),
    ("localhost", True),
    ("[::1]:80", True),
    ("lake.s3.localhost.localstack.cloud:4566", True),
    ("lake.localhost:4566", True),
    ("lake.s3.us-west-2.amazonaws.com", True),
    ("evil.example", False),
    ("localhost.evil.example", False),
    ("127.0.0.1.evil.example:80", False),
    ("notlocalhost", False),
    ("evil-s3.amazonaws.com.example", False),
    ("169.254.169.254", False),
    ("", False),
]


@pytest.mark.parametrize(("host", "local"), HOSTS, ids=[each[0] or "none" for each in HOSTS])
def test_hosts(host: str, local: bool) -> None:  # noqa: FBT001 (a table's column)
    """Only names of this machine are taken: a name that was made to point here is not."""
    assert is_local(host) is local


def test_origins() -> None:
    """A page of this machine may ask; one of another site, or of no site, may not."""
    assert is_local_origin("http://localhost:3000")
    assert not is_local_origin("https://localhost.evil.example")
    assert not is_local_origin("null")
    assert not is_local_origin("file://")


def test_keys_are_learned() -> None:
    """What STS hands out opens the endpoint as well."""
    keys = Keys("own")
    keys.learn(b"<Credentials><AccessKeyId>ASIA123</AccessKeyId></Credentials>")
    assert "own" in keys
    assert "ASIA123" in keys
    assert "ASIA124" not in keys
