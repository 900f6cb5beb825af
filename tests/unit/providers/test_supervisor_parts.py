"""What the supervisor is told, and how it is recognised."""

import json
import os
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from lakehouse_core.contracts import Naming
from lakehouse_local.errors import NotRunning
from lakehouse_local.providers.errors import PortInUse, SupervisorFailed
from lakehouse_local.settings import Settings, from_json, to_json
from lakehouse_local.supervisor import down, identity, messages, status, up


def test_settings_travel_whole(tmp_path: Path) -> None:
    """The supervisor works with the values of the command that started it."""
    settings = Settings(tmp_path, tmp_path / "c", postgres="docker", s3="moto", naming=Naming(suffix="other"))
    assert from_json(to_json(settings)) == settings


def test_errors_travel_with_their_kind() -> None:
    """A port in use in the supervisor is a port in use for the user."""
    error = messages.error_from_json(messages.error_to_json(PortInUse("taken", hint="free it")))
    assert (type(error), error.message, error.hint) == (PortInUse, "taken", "free it")


def test_a_reused_pid_is_not_our_supervisor(tmp_path: Path) -> None:
    """The process id lives, but its start time is another: nothing must be signalled."""
    noted = {"pid": os.getpid(), "started": psutil.Process().create_time() - 100}
    (tmp_path / identity.PID_FILE).write_text(json.dumps(noted))
    assert identity.living(tmp_path) is None
    with pytest.raises(NotRunning):
        down(Settings(tmp_path, tmp_path), print)
    assert status(Settings(tmp_path, tmp_path)).environment is None


def test_a_damaged_note_is_no_supervisor(tmp_path: Path) -> None:
    """A file cut short by a full disk does not stop the next start."""
    (tmp_path / identity.PID_FILE).write_text("{")
    assert identity.living(tmp_path) is None


def test_two_at_once_in_one_home(tmp_path: Path) -> None:
    """Whoever comes second is told so, and starts nothing."""
    with FileLock(tmp_path / "supervisor.lock"), pytest.raises(SupervisorFailed, match="another lakehouse up"):
        up(Settings(tmp_path, tmp_path), print)
    assert not (tmp_path / identity.PID_FILE).exists()
