"""Delta tables: what their log says. Source: the Delta protocol (actions, checkpoints), Glue's native and symlink tables."""

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import pyarrow.parquet as pq

from lakehouse_local.engines.crawler.errors import FormatNotRead, TargetMissing
from lakehouse_local.engines.crawler.model import Column, DeltaTarget, Format, FoundPartition, FoundTable
from lakehouse_local.engines.crawler.names import table_name
from lakehouse_local.engines.crawler.objects import Objects, split

_LOG = re.compile(r"_delta_log/(\d{20})\.(json|checkpoint\.parquet)$")
_MANIFESTS = "_symlink_format_manifest"
_PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
_TYPES = {"integer": "int", "long": "bigint", "short": "smallint", "byte": "tinyint", "timestamp_ntz": "timestamp"}


@dataclass
class _State:
    """A log, folded: the newest metadata, and each live file's partition values."""

    metadata: Mapping[str, Any] = field(default_factory=dict)
    files: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def take(self, action: Mapping[str, Any]) -> None:
        if metadata := action.get("metaData"):
            self.metadata = metadata
        if added := action.get("add"):
            self.files[unquote(added["path"])] = dict(added.get("partitionValues") or {})
        if removed := action.get("remove"):
            self.files.pop(unquote(removed["path"]), None)


def crawl(objects: Objects, target: DeltaTarget, prefix: str) -> list[FoundTable]:
    """The target's tables, native or by symlink manifests (written if the target asks for that)."""
    return [_table(objects, target, table, prefix) for table in target.tables]


def _table(objects: Objects, target: DeltaTarget, uri: str, prefix: str) -> FoundTable:
    bucket, key = split(uri)
    root = key.rstrip("/") + "/"
    state = _State()
    for action in _actions(objects, bucket, root):
        state.take(action)
    if not state.metadata:
        raise TargetMissing(f"{uri} has no Delta log", hint="a Delta target names the folder that holds _delta_log")
    fields = json.loads(state.metadata["schemaString"])["fields"]
    keys = [str(key) for key in state.metadata.get("partitionColumns") or ()]
    columns = {entry["name"]: Column(entry["name"].lower(), _hive(entry["type"])) for entry in fields}
    location = f"s3://{bucket}/{root}"
    name = table_name(prefix, root.rstrip("/").rpartition("/")[2])
    if target.native:
        return FoundTable(
            name=name,
            location=location,
            columns=tuple(column for key, column in columns.items() if key not in keys),
            partition_keys=tuple(columns[key] for key in keys),
            partitions=(),
            format=Format(
                "delta",
                "org.apache.hadoop.mapred.SequenceFileInputFormat",
                "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat",
                "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                {"path": location, "serialization.format": "1"},
            ),
            parameters={
                "classification": "delta",
                "table_type": "delta",
                "spark.sql.sources.provider": "delta",
                "objectCount": str(len(state.files)),
            },
        )
    place = f"{location}{_MANIFESTS}/"
    partitions = []
    for values, paths in _by_partition(state, keys).items():
        folder = place + "".join(f"{key}={value}/" for key, value in zip(keys, values, strict=True))
        if target.write_manifest:
            body = "\n".join(location + path for path in sorted(paths))
            objects.put(*split(f"{folder}manifest"), body.encode())
        partitions.append(FoundPartition(values, folder))
    return FoundTable(
        name=name,
        location=place,
        columns=tuple(column for key, column in columns.items() if key not in keys),
        partition_keys=tuple(columns[key] for key in keys),
        partitions=tuple(partitions) if keys else (),
        format=Format(
            "parquet",
            "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat",
            "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
            _PARQUET_SERDE,
            {"serialization.format": "1"},
        ),
        parameters={"classification": "parquet", "objectCount": str(len(state.files))},
    )


def _by_partition(state: _State, keys: list[str]) -> dict[tuple[str, ...], list[str]]:
    """The live files of each partition (of the whole table, under no values, where it has no keys)."""
    folders: dict[tuple[str, ...], list[str]] = {}
    for path, partition in sorted(state.files.items()):
        folders.setdefault(tuple(partition.get(key) or "" for key in keys), []).append(path)
    return folders


def _actions(objects: Objects, bucket: str, root: str) -> Iterator[Mapping[str, Any]]:
    """The log's actions, from the newest checkpoint on."""
    found = {
        (int(match[1]), match[2]): each.key
        for each in objects.below(bucket, f"{root}_delta_log/")
        if (match := _LOG.search(each.key))
    }
    start = max((version for version, kind in found if kind != "json"), default=-1)
    if start >= 0:
        body = objects.whole(bucket, found[start, "checkpoint.parquet"])
        for row in pq.read_table(io.BytesIO(body), columns=["add", "remove", "metaData"]).to_pylist():
            if row["add"]:
                row["add"]["partitionValues"] = dict(row["add"]["partitionValues"] or ())
            yield row
    for version, kind in sorted(found):
        if kind == "json" and version > start:
            yield from (json.loads(line) for line in objects.whole(bucket, found[version, kind]).splitlines() if line)


def _hive(kind: Any) -> str:
    """A Delta type as Hive's.

    >>> _hive({"type": "array", "elementType": "long", "containsNull": True})
    'array<bigint>'
    """
    if isinstance(kind, str):
        return _TYPES.get(kind, kind)
    match kind["type"]:
        case "array":
            return f"array<{_hive(kind['elementType'])}>"
        case "map":
            return f"map<{_hive(kind['keyType'])},{_hive(kind['valueType'])}>"
        case "struct":
            return "struct<" + ",".join(f"{each['name']}:{_hive(each['type'])}" for each in kind["fields"]) + ">"
    raise FormatNotRead(f"the Delta type {kind['type']!r} has no counterpart in Hive")
