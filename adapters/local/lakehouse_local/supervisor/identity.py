"""Which process supervises a home: a process id alone may long belong to another program."""

import json
import os
from pathlib import Path

import psutil

PID_FILE = "supervisor.json"
DIED_FILE = "died.json"
LOG = Path("logs") / "supervisor.log"


def write(home: Path) -> None:
    """Note this process as the home's supervisor."""
    draft = home / f"{PID_FILE}.part"
    draft.write_text(json.dumps({"pid": os.getpid(), "started": psutil.Process().create_time()}))
    draft.replace(home / PID_FILE)


def living(home: Path) -> psutil.Process | None:
    """The home's supervisor; None if it is gone, or if another process has its id now."""
    try:
        noted = json.loads((home / PID_FILE).read_text())
        process = psutil.Process(noted["pid"])
        same = process.create_time() == noted["started"] and process.status() != psutil.STATUS_ZOMBIE
    except (FileNotFoundError, ValueError, psutil.Error):
        return None
    return process if same else None
