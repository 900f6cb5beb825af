"""What S3 and Glue answer to a job reaches its log under a name of ours, with the way out."""

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from lakehouse_aws.errors import AwsFailed, BucketMissing, NotAllowed
from lakehouse_aws.storage import S3Storage
from lakehouse_core.errors import LakehouseError, ObjectMissing


def client(**more: Any) -> Any:
    """A client that nobody answers."""
    return boto3.client(
        "s3",
        region_name="us-west-2",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1),
        **more,
    )


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("NoSuchKey", 404, ObjectMissing),
        ("NoSuchBucket", 404, BucketMissing),
        ("AccessDenied", 403, NotAllowed),
        ("InternalError", 500, AwsFailed),
        ("SlowDown", 503, AwsFailed),
    ],
)
def test_an_answer_has_a_name(code: str, status: int, error: type[LakehouseError]) -> None:
    """The message says what was tried."""
    s3 = client()
    with Stubber(s3) as stub:
        stub.add_client_error("get_object", code, http_status_code=status)
        with pytest.raises(error, match="reading s3://bucket/key") as found:
            S3Storage(s3).get("bucket", "key")
    assert found.value.hint


def test_silence_has_a_name() -> None:
    """An S3 that does not answer."""
    with pytest.raises(AwsFailed, match="does not answer"):
        S3Storage(client(endpoint_url="http://127.0.0.1:9")).put("bucket", "key", b"")
