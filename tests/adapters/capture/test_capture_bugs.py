"""Bugs that are planted in the capture, one at a time: each must make a test of it fail.

`make planted-bugs` prints the table: which bug, and which test caught it.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from planting import PLANTED, Bug, planted

HERE = Path(__file__).parent
TESTS = HERE.parents[1]
SUITE = (
    TESTS / "unit" / "capture",
    *(HERE / f"test_{name}.py" for name in ("changes", "text", "faults", "captured_tables", "debezium")),
)
batch, changes, engine, rows, stream = (
    f"lakehouse_local.capture.{name}" for name in ("batch", "changes", "engine", "rows", "stream")
)
BUGS = (
    Bug(
        "acknowledge before put",
        stream,
        "_Session._flush",
        "manifest = self._meanwhile(self._batch.finish)\n        end = manifest.end_lsn\n",
        "end = self._batch.end_lsn\n        self._cursor.send_feedback(write_lsn=end, flush_lsn=end, force=True)\n"
        "        manifest = self._meanwhile(self._batch.finish)\n",
    ),
    Bug("no dedupe after a restart", changes, "Assembler.take", "message.commit_lsn < self._from_lsn", "False"),
    Bug("one too many is a repetition", changes, "Assembler.take", "< self._from_lsn", "<= self._from_lsn + 256"),
    Bug("truncate dropped", changes, "Assembler._change", "for oid in message.oids:", "for oid in message.oids[:0]:"),
    Bug(
        "delete forgotten",
        changes,
        "Assembler.take",
        "Insert() | Update() | Delete() | Truncate()",
        "Insert() | Update() | Truncate()",
    ),
    Bug(
        "key update as upsert",
        changes,
        "_updated",
        "None if old_key == tuple(new[at] for at in shape.key_at) else old_key",
        "None",
    ),
    Bug("unsent TOAST as NULL", rows, "RowWriter._write", "append(self._unsent)", "append(self._null)"),
    Bug("NULL as empty text", rows, "RowWriter._write", "append(self._null)", 'append(b"")'),
    Bug("a file cut short", batch, "Batch._store", "[*file.chunks, file.gzip.flush()]", "file.chunks"),
    Bug("two writers", batch, "Batch.finish", "if not self._bronze.store_new(", "if None is self._bronze.store_new("),
    Bug(
        "a checkpoint older than the slot",
        stream,
        "Stream._check",
        "if checkpoint.end_lsn < slot.confirmed_flush_lsn:",
        "if checkpoint.end_lsn < 0:",
    ),
    Bug(
        "a slot that outlives a failed load",
        engine,
        "_slot_dropped_on_failure",
        "database.drop_slot(control, slot)",
        "pass",
    ),
)


def run(bug: Bug | None) -> tuple[int, str]:
    """The exit code of the capture's tests with the bug planted, and the first that failed."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "planting",
            "-p",
            "no:cacheprovider",
            *map(str, SUITE),
        ],
        env=os.environ | ({PLANTED: json.dumps(bug)} if bug else {}) | {"PYTHONPATH": str(TESTS / "support")},
        capture_output=True,
        text=True,
        check=False,
    )
    failed = re.search(r"^(?:FAILED|ERROR) \S+::(\S+)", done.stdout, re.MULTILINE)
    return done.returncode, failed[1] if failed else done.stdout[-2000:]


def test_each_bug_of_the_capture_has_its_place() -> None:
    """Code that is written anew takes the places of bugs away; seen here at once, not by the next night's work."""
    for bug in BUGS:
        with planted(bug):
            pass


@pytest.mark.long
def test_the_capture_is_green() -> None:
    """Without a bug nothing fails."""
    assert run(None)[0] == 0


@pytest.mark.long
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.what)
def test_each_bug_of_the_capture_is_caught(bug: Bug, record_property: Callable[[str, object], None]) -> None:
    """The first test that fails is named."""
    code, first = run(bug)
    assert code == 1, first
    record_property("bug", f"{bug.what}: {first}")
