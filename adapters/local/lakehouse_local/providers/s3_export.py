"""Carries the buckets of an S3 that keeps nothing over a restart: exported to files, restored from them.

``<home>/s3-export/index.json`` lists buckets and objects; the bytes lie in ``objects/`` under names made of hashes,
because a key may be anything (``../../evil``). The index is replaced last, in one step: an export that is cut short
leaves the one before it whole. Buckets, objects, their content types and metadata travel; a bucket's own settings,
and versions before the current one, do not.
"""

import datetime as dt
import json
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lakehouse_local.environment import S3Part
from lakehouse_local.providers.errors import ExportIncomplete
from lakehouse_local.providers.s3_client import client, named_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "s3-export"
INDEX = "index.json"
THREADS = 8


@dataclass(frozen=True)
class Exported:
    """One object of an export; ``modified`` is ISO-8601 UTC, ``size`` bytes, ``file`` its name in ``objects/``."""

    bucket: str
    key: str
    etag: str
    size: int
    modified: str
    file: str
    content_type: str
    metadata: dict[str, str]


@dataclass(frozen=True)
class Export:
    """One export: when (ISO-8601 UTC), every bucket, every object."""

    at: str
    buckets: list[str]
    objects: list[Exported]


def last_export(home: Path) -> Export | None:
    """The export in ``home``; None if there is none, ExportIncomplete if its index cannot be read."""
    index = home / FOLDER / INDEX
    if not index.exists():
        return None
    try:
        content = json.loads(index.read_text())
        return Export(content["at"], content["buckets"], [Exported(**item) for item in content["objects"]])
    except (ValueError, KeyError, TypeError) as error:
        raise ExportIncomplete(f"{index} is damaged: {error}", hint=f"restore it, or remove {index.parent}") from None


def export(part: S3Part, home: Path) -> Export:
    """Write every bucket below ``home``; objects that the export before had are not fetched again.

    ExportIncomplete where they cannot be written; what was written of them is removed, so that a full disk has room again.
    """
    folder = home / FOLDER
    objects = folder / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    before = {item.file: item for item in (last_export(home) or Export("", [], [])).objects}
    s3 = client(part)

    def fetch(found: tuple[str, str, str, int, dt.datetime]) -> Exported:
        bucket, key, etag, size, modified = found
        name = sha256("\0".join((bucket, key, etag, str(size))).encode()).hexdigest()
        stamp = modified.astimezone(dt.UTC).isoformat()
        known = before.get(name)
        if known and (objects / name).exists():
            return Exported(bucket, key, etag, size, stamp, name, known.content_type, known.metadata)
        answer = s3.get_object(Bucket=bucket, Key=key)
        draft = objects / f"{name}.part"
        with draft.open("wb") as target:
            for chunk in answer["Body"].iter_chunks(1 << 20):
                target.write(chunk)
        if draft.stat().st_size != size:
            raise ExportIncomplete(
                f"s3://{bucket}/{key} was listed with {size} bytes and came with {draft.stat().st_size}",
                hint="end what still writes to S3, then lakehouse down again",
            )
        draft.replace(objects / name)
        return Exported(bucket, key, etag, size, stamp, name, answer["ContentType"], answer["Metadata"])

    try:
        with named_errors(part, "exporting the buckets"), ThreadPoolExecutor(THREADS) as pool:
            buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
            listed = [
                (bucket, item["Key"], item["ETag"], item["Size"], item["LastModified"])
                for bucket in buckets
                for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
                for item in page.get("Contents", [])
            ]
            done = Export(dt.datetime.now(dt.UTC).isoformat(), buckets, list(pool.map(fetch, listed)))
        draft = folder / f"{INDEX}.part"
        draft.write_text(json.dumps(asdict(done)))
        draft.replace(folder / INDEX)
    except OSError as error:
        _keep(objects, before)
        raise ExportIncomplete(
            f"the export to {folder} could not be written: {error}",
            hint="free disk space, then lakehouse down again; the servers still run",
        ) from error
    _keep(objects, {item.file for item in done.objects})
    return done


def _keep(objects: Path, names: Collection[str]) -> None:
    """Remove all other files."""
    for file in objects.iterdir():
        if file.name not in names:
            file.unlink()


def restore(part: S3Part, home: Path) -> Export | None:
    """Put the export of ``home`` back; None if there is none, ExportIncomplete if files of it are missing.

    Oldest objects first, one second of modification times after the other: table formats that read a timeline's
    order from modification times find the order they had.
    """
    exported = last_export(home)
    if exported is None:
        return None
    objects = home / FOLDER / "objects"
    missing = [
        f"s3://{item.bucket}/{item.key}"
        for item in exported.objects
        if not (objects / item.file).exists() or (objects / item.file).stat().st_size != item.size
    ]
    if missing:
        raise ExportIncomplete(
            f"the export of {exported.at} lacks {len(missing)} of {len(exported.objects)} objects: {missing[:10]}",
            hint=f"restore {objects}; or remove {home / FOLDER} and load the lake again from PostgreSQL",
        )
    s3 = client(part)
    with named_errors(part, "restoring the buckets"), ThreadPoolExecutor(THREADS) as pool:
        for bucket in exported.buckets:
            create_bucket(s3, bucket, part.region)
        in_order = sorted(exported.objects, key=lambda item: (item.modified, item.bucket, item.key))
        for _, second in groupby(in_order, key=lambda item: item.modified):
            list(pool.map(lambda item: _put(s3, objects, item), second))
    return exported


def create_bucket(s3: "S3Client", bucket: str, region: str) -> None:
    """Create a bucket; one that is already ours is no error."""
    try:
        if region == "us-east-1":
            s3.create_bucket(Bucket=bucket)
        else:
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "BucketAlreadyOwnedByYou":
            raise


def _put(s3: "S3Client", objects: Path, item: Exported) -> None:
    s3.upload_file(
        str(objects / item.file),
        item.bucket,
        item.key,
        ExtraArgs={"ContentType": item.content_type, "Metadata": item.metadata},
    )
