"""Storage of the core on any S3."""

from collections.abc import Iterator

from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from lakehouse_local.environment import S3Part
from lakehouse_local.providers.s3_client import client, named_errors

TAKEN = {"PreconditionFailed", "412"}
CONFLICT = {"ConditionalRequestConflict", "409"}
"""Another request for the same key was under way: S3 has stored nothing, and asks to try again."""

_attempts = Retrying(
    retry=retry_if_exception(lambda error: isinstance(error, ClientError) and _code(error) in CONFLICT),
    stop=stop_after_attempt(5),
    wait=wait_random_exponential(multiplier=0.1, max=2),
    reraise=True,
)


class S3Storage:
    """``lakehouse_core.ports.Storage`` over boto3: bounded retries and time, errors under our names.

    Every method raises S3Unreachable if the endpoint does not answer and S3Refused if it answers with an error.
    """

    def __init__(self, part: S3Part) -> None:
        self._part = part
        self._client = client(part)

    def get(self, bucket: str, key: str) -> bytes:
        """The object's bytes; ObjectMissing if there is none."""
        with named_errors(self._part, f"reading s3://{bucket}/{key}"):
            return self._client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Store the object, durable when this returns."""
        with named_errors(self._part, f"writing s3://{bucket}/{key}"):
            self._client.put_object(Bucket=bucket, Key=key, Body=body)

    def put_if_absent(self, bucket: str, key: str, body: bytes) -> bool:
        """Store the object if the key is free; False if it was taken."""
        with named_errors(self._part, f"writing s3://{bucket}/{key}"):
            try:
                _attempts(self._client.put_object, Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")
            except ClientError as error:
                if _code(error) in TAKEN:
                    return False
                raise
        return True

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """The keys below a prefix, in lexical order."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        with named_errors(self._part, f"listing s3://{bucket}/{prefix}"):
            for page in pages:
                yield from (item["Key"] for item in page.get("Contents", []))

    def delete(self, bucket: str, key: str) -> None:
        """Remove the object; removing what is not there is no error."""
        with named_errors(self._part, f"deleting s3://{bucket}/{key}"):
            self._client.delete_object(Bucket=bucket, Key=key)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code"))
