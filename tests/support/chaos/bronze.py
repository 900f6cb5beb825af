"""What a capture left in bronze, read by a reader of its own: every file held to its manifest, both wires."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from chaos.application import KEYS
from lakehouse_core.ports import Storage
from lakehouse_local.capture import manifest
from lakehouse_local.capture.manifest import FileEntry, Manifest

UNSENT = object()
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Change:
    """A change in the order of all changes: what it did, to which row, and in which transaction (``commit``)."""

    op: str
    table: str
    row: Row
    old_key: Row | None
    commit: str
    position: str


@dataclass
class Bronze:
    """The newest epoch: the loaded rows of each table, and the changes in the order of the files."""

    loaded: dict[str, list[Row]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)

    def state(self) -> dict[str, dict[Row, Row]]:
        """The changes folded over the load: table -> key -> row."""
        found = {name: {row[:width]: row for row in self.loaded.get(name, [])} for name, width in KEYS.items()}
        for change in sorted(self.changes, key=lambda each: each.position):
            rows, width = found[change.table], KEYS[change.table]
            key = change.row[:width]
            if change.op == "T":
                rows.clear()
            elif change.op == "D":
                del rows[key]
            else:
                before = rows.pop(change.old_key or key, None)
                rows[key] = tuple(
                    before[at] if value is UNSENT and before else value for at, value in enumerate(change.row)
                )
        return found


def read(storage: Storage, bucket: str) -> Bronze:
    """Bronze as its manifests list it; AssertionError for a file that is not what its manifest says."""
    chain = manifest.read_chain(storage, bucket)
    found = Bronze()
    for step in (each for each in chain if each.epoch == chain[-1].epoch):
        for file in step.files:
            body = storage.get(bucket, file.key)
            assert (len(body), hashlib.sha256(body).hexdigest()) == (file.bytes, file.sha256), file.key
            lines = _events(step, file, body) if step.wire == "debezium" else _csv(step, file, body)
            read_lines = list(lines)
            assert len(read_lines) == file.rows, file.key
            if step.kind == "load":
                found.loaded.setdefault(_short(str(file.table)), []).extend(each.row for each in read_lines)
            else:
                found.changes += read_lines
    return found


def _csv(step: Manifest, file: FileEntry, body: bytes) -> Iterator[Change]:
    lines = list(csv.reader(io.StringIO(gzip.decompress(body).decode(), newline="")))
    for line in lines[1:] if step.wire == "dms-tables" else lines:
        if file.table is None:
            op, name, schema, _, *rest = line
            table = f"{schema}.{name}"
        else:
            op, _, *rest = line
            table = file.table
        shape = step.tables[table]
        width = len(shape.columns)
        assert len(rest) == width + 1 + len(shape.key) + 1
        old = tuple(map(_text, rest[width + 1 : -1]))
        moved = step.kind == "changes" and op == "U" and any(rest[width + 1 : -1])
        row = tuple(map(_text, rest[:width]))
        yield Change(op, _short(table), row, old if moved else None, rest[-1].split(".")[0], rest[-1])


def _text(value: str) -> Any:
    match value:
        case r"\N":
            return None
        case r"\U":
            return UNSENT
    return value[1:] if value.startswith("\\") and value.lstrip("\\") in ("N", "U") else value


def _events(step: Manifest, file: FileEntry, body: bytes) -> Iterator[Change]:
    assert file.table is not None
    columns = step.tables[file.table].columns
    for line in gzip.decompress(body).decode().splitlines():
        record = json.loads(line)
        headers = {header["key"]: header["value"] for header in record["headers"]}
        event = record["value"]
        if event is None or "__debezium.newkey" in headers:
            continue
        position = headers.get("lakehouse.position", ".")
        old = headers.get("__debezium.oldkey")
        op = {"r": "I", "c": "I", "u": "U", "d": "D", "t": "T"}[event["op"]]
        values = event["after"] or dict.fromkeys(columns) | (record["key"] or {})
        yield Change(
            "U" if old else op,
            _short(file.table),
            tuple(_value(values[column]) for column in columns),
            tuple(map(_value, old.values())) if old else None,
            position.split(".")[0],
            position,
        )


def _value(value: Any) -> Any:
    if value == "__debezium_unavailable_value":
        return UNSENT
    if isinstance(value, str) and value.startswith("\\") and value.lstrip("\\") == "__debezium_unavailable_value":
        return value[1:]
    return value if value is None else str(value)


def _short(table: str) -> str:
    return table.removeprefix("public.")
