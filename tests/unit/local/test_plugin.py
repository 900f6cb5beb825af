"""The pytest plugin costs nothing until a fixture is asked for, and says what is wrong in one message."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse_local.errors import NotRunning
from lakehouse_local.lakehouse import Lakehouse
from lakehouse_local.settings import Settings

UNTOUCHED = """
import sys

def test_nothing_is_imported():
    assert not {"pyspark", "django", "boto3", "duckdb", "psycopg2", "lakehouse_core"} & set(sys.modules)
"""
ASKED = """
def test_lakehouse(lakehouse):
    pass
"""


def run(folder: Path, test: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A pytest process of its own in a project without settings."""
    (folder / "test_it.py").write_text(test)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--rootdir", str(folder), str(folder)],
        env=os.environ | variables,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_nothing_is_imported(tmp_path: Path) -> None:
    """A test that asks for no fixture runs in a process that has imported nothing of ours but the plugin."""
    done = run(tmp_path, UNTOUCHED)
    assert done.returncode == 0, done.stdout


def test_an_error_is_one_message(tmp_path: Path) -> None:
    """A user's mistake is named, without a traceback."""
    done = run(tmp_path, ASKED, LAKEHOUSE_POSTGRES="oracle")
    assert "(unknown-provider) LAKEHOUSE_POSTGRES=oracle names no provider of PostgreSQL" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_not_running(tmp_path: Path) -> None:
    """Whoever asks for a running lakehouse where there is none reads what to do."""
    with pytest.raises(NotRunning, match=rf"no lakehouse is running in {tmp_path}\n  try: in a terminal: lakehouse up"):
        Lakehouse.running(Settings(tmp_path, tmp_path))
