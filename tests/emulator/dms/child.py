"""A DMS service in a process of its own, to be killed: argv is its folder, and the parts as JSON."""

import json
import sys
import threading
from pathlib import Path

from lakehouse_local.environment import S3Part
from lakehouse_local.services.dms.service import DmsService
from lakehouse_local.services.dms.world import DmsWorld
from lakehouse_local.services.state import State

folder, part, owner = Path(sys.argv[1]), S3Part(**json.loads(sys.argv[2])), sys.argv[3]
service = DmsService(
    DmsWorld(
        state=State(folder / "state.db"),
        part=part,
        folder=folder,
        ship=lambda _group, _stream, _lines: None,
        owner=lambda _: owner,
    )
)
sys.stdout.write("started\n")
sys.stdout.flush()
threading.Event().wait()
