"""Ports and child processes."""

import json
import signal
import socket
import sys
from pathlib import Path

import pytest

from lakehouse_local.providers import process
from lakehouse_local.providers.errors import PortInUse, ServerNotStarted


def test_a_home_keeps_its_port(tmp_path: Path) -> None:
    """Addresses in a user's shell stay right over a restart."""
    assert process.port_for(tmp_path, "s3") == process.port_for(tmp_path, "s3")
    assert process.port_for(tmp_path, "s3") != process.port_for(tmp_path, "postgres")


def test_a_taken_port_is_named_with_its_owner(tmp_path: Path) -> None:
    """The error says which port, who has it, and where to change it."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        (tmp_path / "ports.json").write_text(json.dumps({"s3": port}))
        with pytest.raises(PortInUse, match=rf"port {port} of s3 is in use by .*pid") as caught:
            process.port_for(tmp_path, "s3")
    assert "ports.json" in caught.value.hint


def test_a_server_that_ends_is_reported_with_its_last_words(tmp_path: Path) -> None:
    """Nobody has to look for the log."""
    log = tmp_path / "log"
    server = process.spawn("it", [sys.executable, "-c", "exit('no disk')"], log, environment={})
    with pytest.raises(ServerNotStarted, match=r"it ended with code 1(.|\n)*no disk"):
        process.wait_until(server, _never, OSError)


def test_a_silent_server_is_given_up(tmp_path: Path) -> None:
    """Waiting has a limit, and the error says what was still wrong."""
    code = "import signal; signal.pause()"
    server = process.spawn("it", [sys.executable, "-c", code], tmp_path / "log", environment={})
    with pytest.raises(ServerNotStarted, match=r"it did not answer within 0 s \(not yet\)"):
        process.wait_until(server, _never, OSError, limit=0.3)
    assert server.ended() is None
    server.stop(signal.SIGTERM)
    assert "code -15" in str(server.ended())


def test_a_server_inherits_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a server is what we give it."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    log = tmp_path / "log"
    code = "import os; print(sorted(os.environ))"
    process.spawn("it", [sys.executable, "-c", code], log, environment={"A": "1"}).process.wait()
    assert "AWS_SECRET_ACCESS_KEY" not in log.read_text()
    assert "'A'" in log.read_text()


def _never() -> None:
    raise OSError("not yet")
