"""Change events as both sides give them, in one form."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse_core.ports import Storage
from lakehouse_local.capture import manifest

Json = Any


@dataclass(frozen=True)
class Event:
    """A record of a topic: key and value as JSON says (null is None), headers by name."""

    topic: str
    key: Json
    value: Json
    headers: dict[str, Json]

    @property
    def op(self) -> str:
        """Debezium's op, or ``tombstone``."""
        return "tombstone" if self.value is None else str(self.value.get("op"))


def from_debezium(path: Path) -> list[Event]:
    """What the engine's file of lines holds, whole lines only."""
    events = []
    for line in path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else ():
        topic, key, value, headers = json.loads(line)
        events.append(Event(topic, _parsed(key), _parsed(value), {name: _parsed(text) for name, text in headers}))
    return events


def from_capture(storage: Storage, bucket: str) -> list[Event]:
    """What our capture stored on the Debezium wire, in the order of its manifests and files."""
    events = []
    for step in manifest.read_chain(storage, bucket):
        for file in step.files:
            topic = file.key.split("/")[-1].split("+")[0]
            for line in gzip.decompress(storage.get(bucket, file.key)).decode().split("\n")[:-1]:
                record = json.loads(line)
                headers = {each["key"]: each["value"] for each in record["headers"]}
                events.append(Event(topic, record["key"], record["value"], headers))
    return events


def by_topic(events: list[Event]) -> dict[str, list[Event]]:
    """The events of each topic, in order."""
    topics: dict[str, list[Event]] = {}
    for event in events:
        topics.setdefault(event.topic, []).append(event)
    return topics


def _parsed(text: str | None) -> Json:
    return None if text is None else json.loads(text)
