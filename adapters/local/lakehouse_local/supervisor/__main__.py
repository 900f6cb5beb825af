"""The supervisor process: reads settings from stdin, starts the servers, watches them until SIGTERM."""

import json
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from lakehouse_core.errors import LakehouseError
from lakehouse_local.environment import STATE_FILE
from lakehouse_local.providers.errors import SupervisorFailed
from lakehouse_local.providers.servers import Servers
from lakehouse_local.settings import Settings, from_json
from lakehouse_local.supervisor import identity, messages

WATCH_SECONDS = 1.0


def main() -> None:
    """Run until the servers are stopped."""
    settings = from_json(sys.stdin.read())
    # Logs and exports hold customers' rows.
    os.umask(0o077)
    try:
        with FileLock(settings.home / "supervisor.lock", timeout=0):
            _supervise(settings)
    except Timeout:
        _tell(
            {
                "error": messages.error_to_json(
                    SupervisorFailed("another lakehouse up is at work in this home", hint="wait for it, then again")
                )
            }
        )


def _supervise(settings: Settings) -> None:
    home = settings.home
    asked_to_end = _signals()
    identity.write(home)
    (home / identity.DIED_FILE).unlink(missing_ok=True)
    servers = Servers(settings)
    try:
        servers.start(lambda line: _tell({"progress": line})).save(home)
    except LakehouseError as error:
        _log(str(error))
        _tell({"error": messages.error_to_json(error)})
        return
    except Exception:
        _log(traceback.format_exc())
        raise
    _tell({"ready": "yes"})
    _let_go()
    _log("ready")
    _watch(servers, home, asked_to_end)
    _log("stopped")


def _watch(servers: Servers, home: Path, asked_to_end: socket.socket) -> None:
    """Note servers that end, until we are asked to end and S3 is exported."""
    seen: dict[str, str] = {}
    while True:
        ready, _, _ = select.select([asked_to_end], [], [], WATCH_SECONDS)
        died = servers.ended()
        if died != seen:
            seen = died
            _log(f"ended: {died}")
            _replace(home / identity.DIED_FILE, died)
        if not ready:
            continue
        asked_to_end.recv(64)
        told: list[str] = []
        try:
            servers.export(told.append)
        except LakehouseError as error:
            _log(str(error))
            _replace(home / messages.OUTCOME_FILE, {"error": messages.error_to_json(error)})
            continue
        servers.stop()
        (home / STATE_FILE).unlink(missing_ok=True)
        _replace(home / messages.OUTCOME_FILE, {"progress": told})
        return


def _signals() -> socket.socket:
    """A socket that becomes readable when SIGTERM or SIGINT arrives: nothing is ever cut in the middle by one."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)  # noqa: FBT003 (the socket API)
    signal.set_wakeup_fd(writer.detach())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    return reader


def _tell(message: Mapping[str, object]) -> None:
    sys.stdout.write(f"{json.dumps(message)}\n")
    sys.stdout.flush()


def _let_go() -> None:
    """Leave the channel of ``up``: whatever is still printed goes to the log."""
    sys.stdin.close()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


def _replace(file: Path, content: Mapping[str, object]) -> None:
    """Best effort, like the log: a full disk must not end the supervisor, and with it an S3 that was not exported."""
    draft = file.with_suffix(".part")
    with suppress(OSError):
        draft.write_text(json.dumps(content))
        draft.replace(file)


def _log(line: str) -> None:
    with suppress(OSError):
        sys.stderr.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {line}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    main()
