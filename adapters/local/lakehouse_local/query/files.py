"""Objects of the lake as local files: copied once, by object and ETag, into a cache of bounded size."""

import contextlib
import hashlib
import os
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from lakehouse_core.errors import ObjectMissing
from lakehouse_local.environment import S3Part
from lakehouse_local.providers import s3_client

PARALLEL = 8
IN_USE_SECONDS = 600.0
LIMIT_BYTES = 20 * 2**30


@dataclass(frozen=True)
class Blob:
    """One stored object as a listing shows it."""

    bucket: str
    key: str
    etag: str
    size: int

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rpartition("/")[2]


class Files:
    """The lake's objects: listed, read whole, or as local copies.

    ``folder`` holds the copies; what was not used for ten minutes goes, oldest first, while they exceed ``limit`` bytes.
    """

    def __init__(self, part: S3Part, folder: Path, limit: int = LIMIT_BYTES) -> None:
        self.part = part
        self._client = s3_client.client(part)
        self._folder = folder
        self._limit = limit

    def listed(self, bucket: str, prefix: str) -> list[Blob]:
        """Every object below a prefix, by key; empty where there is no such bucket."""
        pages: Iterable[Any] = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        try:
            with s3_client.named_errors(self.part, f"reading s3://{bucket}/{prefix}"):
                return [
                    Blob(bucket, found["Key"], found["ETag"].strip('"'), found["Size"])
                    for page in pages
                    for found in page.get("Contents", ())
                ]
        except ObjectMissing:
            return []

    def read(self, bucket: str, key: str) -> bytes:
        """An object's bytes; ObjectMissing if there is none."""
        with s3_client.named_errors(self.part, f"reading s3://{bucket}/{key}"):
            return self._client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def read_all(self, bucket: str, keys: Sequence[str]) -> list[bytes]:
        """Several objects' bytes, in the order of their keys, fetched side by side."""
        with ThreadPoolExecutor(PARALLEL) as pool:
            return list(pool.map(lambda key: self.read(bucket, key), keys))

    def local(self, blobs: Sequence[Blob]) -> list[Path]:
        """Paths of the objects' copies, in the order asked for; fetched side by side where they are not here yet."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(PARALLEL) as pool:
            paths = list(pool.map(self._copy, blobs))
        self._evict()
        return paths

    def _copy(self, blob: Blob) -> Path:
        digest = hashlib.sha256(f"{blob.bucket}/{blob.key}/{blob.etag}".encode()).hexdigest()[:32]
        path = self._folder / f"{digest}{''.join(Path(blob.name).suffixes[-2:])}"
        try:
            os.utime(path)
        except FileNotFoundError:
            draft = path.with_name(f"{uuid4().hex}.part")
            with s3_client.named_errors(self.part, f"reading s3://{blob.bucket}/{blob.key}"):
                self._client.download_file(blob.bucket, blob.key, str(draft))
            draft.replace(path)
        return path

    def _evict(self) -> None:
        found = []
        for entry in os.scandir(self._folder):
            # Another query may have given the file its name, or taken it away, since the folder was listed.
            with contextlib.suppress(FileNotFoundError):
                status = entry.stat()
                found.append((status.st_mtime, status.st_size, entry.path))
        found.sort()
        total = sum(size for _, size, _ in found)
        for used, size, path in found:
            if total <= self._limit or used > time.time() - IN_USE_SECONDS:
                return
            Path(path).unlink(missing_ok=True)
            total -= size
