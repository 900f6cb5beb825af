"""S3 by boto3: the core's Storage, and listings as DMS leaves them (key, ETag, size, time)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse_aws.errors import AwsFailed, BucketMissing, NotAllowed
from lakehouse_core.errors import ObjectMissing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ABSENT = {"NoSuchKey", "404"}
_DENIED = {"AccessDenied", "403", "Forbidden"}
_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


@dataclass(frozen=True, order=True)
class Listed:
    """An object as a listing shows it."""

    key: str
    etag: str
    size: int
    modified: datetime


class S3Storage:
    """``lakehouse_core.ports.Storage`` over an S3 client.

    Every method raises BucketMissing, NotAllowed or AwsFailed by name.
    """

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def get(self, bucket: str, key: str) -> bytes:
        """The object's bytes; ObjectMissing if there is none."""
        with _named(bucket, f"reading s3://{bucket}/{key}"):
            return self._client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Store the object, durable when this returns."""
        with _named(bucket, f"writing s3://{bucket}/{key}"):
            self._client.put_object(Bucket=bucket, Key=key, Body=body)

    def put_if_absent(self, bucket: str, key: str, body: bytes) -> bool:
        """Store the object if the key is free; False if it was taken."""
        with _named(bucket, f"writing s3://{bucket}/{key}"):
            try:
                self._client.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in _TAKEN:
                    return False
                raise
        return True

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """The keys below a prefix, in lexical order."""
        return (found.key for found in self.listed(bucket, prefix))

    def delete(self, bucket: str, key: str) -> None:
        """Remove the object; removing what is not there is no error."""
        with _named(bucket, f"deleting s3://{bucket}/{key}"):
            self._client.delete_object(Bucket=bucket, Key=key)

    def listed(self, bucket: str, prefix: str) -> Iterator[Listed]:
        """The objects below a prefix, in lexical order of their keys."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        with _named(bucket, f"listing s3://{bucket}/{prefix}"):
            for page in pages:
                for item in page.get("Contents", []):
                    yield Listed(item["Key"], item["ETag"].strip('"'), item["Size"], item["LastModified"])


@contextmanager
def _named(bucket: str, what: str) -> Iterator[None]:
    """Turn botocore's errors into ours; ``what`` says what was tried."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        if code in _ABSENT:
            raise ObjectMissing(f"{what}: there is no such object", hint="see what is below the prefix") from None
        if code == "NoSuchBucket":
            raise BucketMissing(
                f"{what}: there is no bucket {bucket}",
                hint="the job's --project, --environment and --suffix name the buckets; is this the right account?",
            ) from None
        if code in _DENIED:
            raise NotAllowed(
                f"{what}: the job's role is refused ({code})",
                hint="the role's policy must allow it (infra/terraform/modules/identity); is this the right account?",
            ) from None
        raise AwsFailed(f"{what}: S3 answers {code}: {error}", hint="run the job again") from None
    except BotoCoreError as error:
        raise AwsFailed(f"{what}: S3 does not answer ({error})", hint="run the job again") from None
