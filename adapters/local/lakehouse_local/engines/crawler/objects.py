"""What a crawl needs of S3: listings, and the beginnings and ends of objects."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from lakehouse_core.errors import ObjectMissing
from lakehouse_local.engines.crawler.errors import TargetMissing
from lakehouse_local.environment import S3Part
from lakehouse_local.providers.s3_client import client, named_errors


@dataclass(frozen=True)
class Object:
    """One stored object: its key, its size in bytes, and its ETag."""

    bucket: str
    key: str
    size: int
    etag: str

    @property
    def name(self) -> str:
        """The last part of its key."""
        return self.key.rpartition("/")[2]


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an S3 address.

    >>> split("s3://lake/dms-data/public/")
    ('lake', 'dms-data/public/')
    """
    parts = urlsplit(uri)
    return parts.netloc, parts.path.removeprefix("/")


class Objects:
    """One S3, read only."""

    def __init__(self, part: S3Part) -> None:
        self._part = part
        self._client = client(part)

    def below(self, bucket: str, prefix: str) -> list[Object]:
        """Every object whose key starts with the prefix, by key; TargetMissing without such a bucket."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        try:
            with named_errors(self._part, f"listing s3://{bucket}/{prefix}"):
                return [
                    Object(bucket, found["Key"], found["Size"], found["ETag"].strip('"'))
                    for page in pages
                    for found in page.get("Contents", ())
                ]
        except ObjectMissing:
            raise TargetMissing(f"there is no bucket {bucket}", hint="aws s3 ls names the buckets") from None

    def head(self, found: Object, size: int) -> bytes:
        """The first bytes of an object, at most ``size``."""
        return self._range(found, f"bytes=0-{size - 1}") if found.size else b""

    def tail(self, found: Object, size: int) -> bytes:
        """The last bytes of an object, at most ``size``."""
        return self._range(found, f"bytes=-{size}") if found.size else b""

    def whole(self, bucket: str, key: str) -> bytes:
        """An object's bytes; ObjectMissing if there is none."""
        with named_errors(self._part, f"reading s3://{bucket}/{key}"):
            return self._client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Store an object (a Delta table's manifest, when a target asks for one)."""
        with named_errors(self._part, f"writing s3://{bucket}/{key}"):
            self._client.put_object(Bucket=bucket, Key=key, Body=body)

    def _range(self, found: Object, wanted: str) -> bytes:
        with named_errors(self._part, f"reading s3://{found.bucket}/{found.key}"):
            return self._client.get_object(Bucket=found.bucket, Key=found.key, Range=wanted)["Body"].read()
