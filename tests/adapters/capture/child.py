"""A capture in a process of its own, for tests that kill it; its parts arrive as JSON on stdin."""

import json
import sys
from threading import Event

from lakehouse_core.contracts import Naming
from lakehouse_local.capture import engine
from lakehouse_local.capture.dms import DmsWire
from lakehouse_local.capture.manifest import Manifest
from lakehouse_local.capture.settings import S3Settings
from lakehouse_local.capture.source import CaptureSource
from lakehouse_local.environment import S3Part
from lakehouse_local.storage import S3Storage


def say(manifest: Manifest) -> None:
    """Tell the parent that a manifest is durable."""
    sys.stdout.write(f"{manifest.sequence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parts = json.loads(sys.stdin.read())
    engine.stream(
        CaptureSource(parts["dsn"], parts["capture_dsn"]),
        S3Storage(S3Part(**parts["s3"])),
        Naming().bucket("bronze"),
        DmsWire(S3Settings(**parts["settings"])),
        Event(),
        on_batch=say,
    )
