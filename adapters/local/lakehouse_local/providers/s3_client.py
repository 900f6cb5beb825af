"""boto3 clients with limits, and S3's errors under our names."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lakehouse_core.errors import ObjectMissing
from lakehouse_local.environment import S3Part
from lakehouse_local.providers.errors import S3Refused, S3Unreachable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Checksums only where an operation demands them: not every S3 understands the newer default.
CONFIG = Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 4},
    max_pool_connections=16,
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    s3={"addressing_style": "path"},
)
ABSENT = {"NoSuchKey", "NoSuchBucket", "404"}


def client(part: S3Part) -> "S3Client":
    """A client of that S3 and no other: neither profile nor environment has a say."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=part.endpoint,
        aws_access_key_id=part.access_key,
        aws_secret_access_key=part.secret_key,
        region_name=part.region,
        config=CONFIG,
    )


@contextmanager
def named_errors(part: S3Part, what: str) -> Iterator[None]:
    """Turn botocore's errors into ObjectMissing, S3Refused and S3Unreachable; ``what`` says what was tried."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        if code in ABSENT:
            raise ObjectMissing(
                f"{what}: {part.endpoint} has no such object or bucket", hint="lakehouse status shows what runs"
            ) from None
        raise S3Refused(f"{what}: {part.endpoint} answers {code}: {error}", hint="lakehouse status") from None
    except BotoCoreError as error:
        raise S3Unreachable(
            f"{what}: {part.endpoint} does not answer ({error})", hint="lakehouse status, then lakehouse down and up"
        ) from None


def check(part: S3Part) -> None:
    """That the endpoint answers our credentials."""
    with named_errors(part, "listing buckets"):
        client(part).list_buckets()
