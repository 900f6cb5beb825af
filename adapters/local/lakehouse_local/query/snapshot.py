"""Which Parquet files are a table's snapshot at a commit: Hudi, Delta, or a plain folder per run.

A snapshot of a merge-on-read table is refused while it has changes that are not compacted into its Parquet files.

Hudi is read by hudi-rs. It does not notice that a cleaner has taken an old snapshot's files, so that is checked here.
Delta has no light reader among our dependencies; its log's JSON and checkpoints are simple enough to fold, and what
goes beyond that (deletion vectors, column mapping) is refused.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import duckdb
from hudi import HudiReadOptions, HudiTable

from lakehouse_core.errors import TableMissing
from lakehouse_local.query.errors import LakeUnreachable, SnapshotCleaned, SnapshotUnreadable
from lakehouse_local.query.files import Blob, Files

_COMPLETED = re.compile(r"(\d+)\.(commit|deltacommit|replacecommit)$")
_RUN = re.compile(r"run=(\d+)/")
_CHECKPOINT = "select add, remove, metaData from read_parquet(?)"
_VERSION = re.compile(r"_delta_log/(\d{20})\.(json|checkpoint\.parquet)$")


def snapshot(files: Files, bucket: str, name: str, table_format: str, commit: str) -> list[Blob]:
    """The Parquet objects of a table after a commit, by key.

    TableMissing if it was never written, SnapshotCleaned if files of that snapshot are gone.
    """
    stored = files.listed(bucket, f"{name}/")
    if not stored:
        raise TableMissing(f"s3://{bucket}/{name} was never written", hint="lakehouse run")
    readers = {"hudi": _hudi, "delta": _delta}
    if table_format not in readers:
        raise SnapshotUnreadable(f"no reader for table format {table_format!r}; there are {', '.join(readers)}")
    paths = readers[table_format](files, bucket, name, stored, commit)
    by_path = {blob.key.removeprefix(f"{name}/"): blob for blob in stored}
    if gone := [path for path in paths if path not in by_path]:
        raise _cleaned(bucket, name, commit, gone)
    return [by_path[path] for path in sorted(paths)]


def log(files: Files, bucket: str, prefix: str, last_run: int) -> list[Blob]:
    """The Parquet objects of an append-only folder (``run=<n>/``) that runs up to ``last_run`` wrote, by key."""
    return [
        blob
        for blob in files.listed(bucket, f"{prefix}/")
        if blob.key.endswith(".parquet")
        and "/_" not in blob.key  # what a writer that died left under _temporary
        and (run := _RUN.search(blob.key.removeprefix(prefix))) is not None
        and int(run[1]) <= last_run
    ]


def _cleaned(bucket: str, name: str, commit: str, gone: Sequence[str]) -> SnapshotCleaned:
    return SnapshotCleaned(
        f"s3://{bucket}/{name} no longer has the files of commit {commit} ({len(gone)} of them, e.g. {gone[0]})",
        hint="ask for a later time; lakehouse history TABLE lists the commits",
    )


def _hudi(files: Files, bucket: str, name: str, stored: Sequence[Blob], commit: str) -> list[str]:
    part = files.part
    options = {
        "aws_endpoint": part.endpoint,
        "aws_allow_http": str(part.endpoint.startswith("http:")).lower(),
        "aws_access_key_id": part.access_key,
        "aws_secret_access_key": part.secret_key,
        "aws_region": part.region,
        "hoodie.metadata.enable": "false",
    }
    completed = {
        match[1]: blob for blob in stored if "/.hoodie/" in blob.key and (match := _COMPLETED.search(blob.key))
    }
    if commit not in completed:
        raise TableMissing(
            f"s3://{bucket}/{name} has no commit {commit} on its timeline", hint="lakehouse history TABLE lists commits"
        )
    try:
        slices = HudiTable(f"s3://{bucket}/{name}", options).get_file_slices(
            HudiReadOptions().with_as_of_timestamp(commit)
        )
    except Exception as error:  # hudi-rs has one error for everything
        raise LakeUnreachable(f"the Hudi table s3://{bucket}/{name} cannot be read: {error}") from error
    if apart := [found for found in slices if found.has_log_files()]:
        raise SnapshotUnreadable(
            f"s3://{bucket}/{name} is merged on read, and {len(apart)} of its files have changes beside them at {commit}",
            hint="read it with Spark, or as of a compaction: TableFormat.compact",
        )
    paths: list[str] = [found.base_file_relative_path() for found in slices]
    later = {instant: blob for instant, blob in completed.items() if instant > commit}
    if later and (gone := _hudi_gone(files, bucket, stored, commit, later)):
        raise _cleaned(bucket, name, commit, gone)
    return paths


def _hudi_gone(files: Files, bucket: str, stored: Sequence[Blob], commit: str, later: Mapping[str, Blob]) -> list[str]:
    """File groups that the snapshot at ``commit`` had and whose file of that time is gone."""
    instants: dict[str, list[str]] = {}
    for blob in stored:
        if blob.key.endswith(".parquet") and "/.hoodie/" not in blob.key:
            file_id, _, instant = blob.name.removesuffix(".parquet").split("_")
            instants.setdefault(file_id, []).append(instant)
    bodies = files.read_all(bucket, [blob.key for blob in later.values()])
    commits: dict[str, Any] = {instant: json.loads(body) for instant, body in zip(later, bodies, strict=True)}
    gone = []
    for file_id, written in instants.items():
        first = min(written)
        if first > commit and first in commits:
            stats = [s for group in commits[first]["partitionToWriteStats"].values() for s in group]
            # A group whose oldest file had one before it was already there at our commit.
            if any(s["fileId"] == file_id and s["prevCommit"] not in (None, "null") for s in stats):
                gone.append(file_id)
    for body in commits.values():
        for replaced in body.get("partitionToReplaceFileIds", {}).values():
            gone += [file_id for file_id in replaced if file_id not in instants]
    return gone


def _delta(files: Files, bucket: str, name: str, stored: Sequence[Blob], commit: str) -> list[str]:
    version = int(commit)
    entries = {(int(m[1]), m[2]): blob for blob in stored if (m := _VERSION.search(blob.key)) and int(m[1]) <= version}
    start = max((found for found, kind in entries if kind != "json"), default=-1)
    wanted = [(number, "json") for number in range(start + 1, version + 1)]
    if missing := [number for number, kind in wanted if (number, kind) not in entries]:
        raise TableMissing(f"s3://{bucket}/{name} has no log entry for version {missing[0]}", hint="lakehouse run")
    actions: list[dict[str, Any]] = []
    if start >= 0:
        (checkpoint,) = files.local([entries[start, "checkpoint.parquet"]])
        with duckdb.connect() as connection:
            rows = connection.execute(_CHECKPOINT, [str(checkpoint)]).fetchall()
            actions += [dict(zip(("add", "remove", "metaData"), row, strict=True)) for row in rows]
    for body in files.read_all(bucket, [entries[key].key for key in wanted]):
        actions += [json.loads(line) for line in body.splitlines() if line]
    live: set[str] = set()
    for action in actions:
        if metadata := action.get("metaData"):
            configuration = dict(metadata.get("configuration") or {})
            if configuration.get("delta.columnMapping.mode", "none") != "none":
                raise SnapshotUnreadable(f"s3://{bucket}/{name} maps columns, which this reader does not follow")
        if added := action.get("add"):
            if added.get("deletionVector") or added.get("partitionValues"):
                raise SnapshotUnreadable(f"s3://{bucket}/{name} has deletion vectors or partitions, not read here yet")
            live.add(unquote(added["path"]))
        if removed := action.get("remove"):
            live.discard(unquote(removed["path"]))
    return list(live)
