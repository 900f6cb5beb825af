"""Bronze, straight from the files that the manifests list: sizes and hashes checked, rows read without Spark."""

import csv
import gzip
import hashlib
import heapq
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from lakehouse_local.capture.debezium import DebeziumWire
from lakehouse_local.capture.manifest import FileEntry, Manifest
from lakehouse_local.errors import BronzeFileAltered, BronzeFileMissing
from lakehouse_local.proof import events
from lakehouse_local.proof.fold import Change
from lakehouse_local.query.files import Files

csv.field_size_limit(sys.maxsize)  # Python refuses fields beyond 128 KiB by default; jsonb may be larger

_HINT = "put the object back as it was (lakehouse up restores the last export)"


@dataclass(frozen=True)
class Stored:
    """A file of bronze with its checked local copy."""

    entry: FileEntry
    path: Path


def checked(files: Files, bucket: str, manifests: Sequence[Manifest]) -> dict[str, Stored]:
    """Local copies of all files of the manifests, by key.

    BronzeFileMissing, BronzeFileAltered where S3 does not hold what the manifest lists.
    """
    entries = {entry.key: entry for manifest in manifests for entry in manifest.files}
    stored = {blob.key: blob for blob in files.listed(bucket, "")}
    for key in entries:
        if key not in stored:
            raise BronzeFileMissing(f"s3://{bucket}/{key} is in a manifest and not in S3", hint=_HINT)
    paths = files.local([stored[key] for key in entries])
    found = [Stored(entry, path) for entry, path in zip(entries.values(), paths, strict=True)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(_check, found))
    return {each.entry.key: each for each in found}


def _check(stored: Stored) -> None:
    with stored.path.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    entry = stored.entry
    if digest != entry.sha256 or stored.path.stat().st_size != entry.bytes:
        raise BronzeFileAltered(f"{entry.key} is not the file that its manifest lists", hint=_HINT)


def changes(manifest: Manifest, stored: dict[str, Stored]) -> Iterator[Change]:
    """The changes of a manifest in the order of their positions; BronzeFileAltered for a row of the wrong shape."""
    streams = (_changes(manifest, stored[entry.key]) for entry in manifest.files)
    return heapq.merge(*streams, key=lambda change: (change.commit_lsn, change.sequence))


def _changes(manifest: Manifest, stored: Stored) -> Iterator[Change]:
    if manifest.wire == DebeziumWire.name:
        return events.changes(manifest, stored.entry, stored.path, _HINT)
    return _rows(manifest, stored)


def _rows(manifest: Manifest, stored: Stored) -> Iterator[Change]:
    together = manifest.layout == "transactions"
    with gzip.open(stored.path, "rt", encoding="utf-8", newline="") as source:
        rows = csv.reader(source, strict=True)
        if not together:
            next(rows)  # the per-table layout has a header
        for row in rows:
            name = f"{row[2]}.{row[1]}" if together else str(stored.entry.table)
            first = 4 if together else 2
            shape = manifest.tables[name]
            after = first + len(shape.columns)
            if len(row) != after + 2 + len(shape.key):
                raise BronzeFileAltered(f"{stored.entry.key} has a row with {len(row)} cells for {name}", hint=_HINT)
            old_key = tuple(row[after + 1 : -1])
            lsn, sequence = row[-1].split(".")
            yield Change(
                table=name,
                commit_lsn=int(lsn, 16),
                sequence=int(sequence, 16),
                counter=int(row[after][16:]),
                op=row[0],
                row=tuple(row[first:after]),
                old_key=old_key if any(old_key) else None,
            )
