"""``up``, ``down`` and ``status``: the servers of a home belong to one supervisor process that outlives the command.

The supervisor never restarts anything by itself: a server that ended is shown by ``status``, and ``down`` and ``up``
bring it back. If the supervisor is killed, its servers end with it (on Linux by the kernel's doing).
"""

import json
import selectors
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from signal import SIGTERM
from typing import IO

import psutil
import tenacity

from lakehouse_local import environment
from lakehouse_local.environment import STATE_FILE, Environment
from lakehouse_local.errors import NotRunning
from lakehouse_local.providers.errors import ServerDied, SupervisorFailed
from lakehouse_local.providers.place import make_home
from lakehouse_local.providers.process import last_lines
from lakehouse_local.providers.servers import Progress, s3_loss
from lakehouse_local.settings import Settings, to_json
from lakehouse_local.supervisor import messages
from lakehouse_local.supervisor.identity import DIED_FILE, LOG, living

UP_SECONDS = 300
DOWN_SECONDS = 900

__all__ = ["Status", "as_dict", "down", "living", "status", "up"]


@dataclass(frozen=True)
class Status:
    """What runs in a home.

    ``environment`` is None where nothing does; ``died`` names servers that ended, and how; ``s3_loss`` says what S3
    lacks because a session ended without an export.
    """

    environment: Environment | None
    died: dict[str, str]
    s3_loss: str | None


def up(settings: Settings, progress: Progress) -> Environment:
    """Start the servers under a supervisor of their own, or find them running.

    Raises what kept a server from starting (ServerNotStarted, PortInUse, ProviderUnavailable ...), ServerDied if the
    running supervisor has lost a server, SupervisorFailed if the supervisor itself says nothing.
    """
    home = settings.home
    make_home(home)
    if living(home) is not None:
        found = status(settings)
        if found.died:
            raise ServerDied(
                "; ".join(f"{title}: {why}" for title, why in found.died.items()), hint="lakehouse down && lakehouse up"
            )
        if found.environment is not None:
            progress("already running")
            return found.environment
    (home / STATE_FILE).unlink(missing_ok=True)
    (home / "logs").mkdir(exist_ok=True, mode=0o700)
    with (home / LOG).open("ab") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "lakehouse_local.supervisor"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    assert supervisor.stdin is not None  # noqa: S101 (PIPE was asked for)
    assert supervisor.stdout is not None  # noqa: S101
    with supervisor.stdin as channel:
        channel.write(to_json(settings).encode())
    with supervisor.stdout as answers:
        try:
            return _listen(answers, settings, progress)
        except BaseException:
            supervisor.terminate()
            supervisor.wait()
            raise


def _listen(answers: IO[bytes], settings: Settings, progress: Progress) -> Environment:
    """Pass the supervisor's progress on until it says that it is ready, or what went wrong."""
    end = time.monotonic() + UP_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(answers, selectors.EVENT_READ)
        while selector.select(max(0.0, end - time.monotonic())):
            line = answers.readline()
            if not line:
                raise SupervisorFailed(
                    f"the supervisor ended; the end of {settings.home / LOG}:\n{last_lines(settings.home / LOG)}",
                    hint="lakehouse doctor",
                )
            message = json.loads(line)
            if "progress" in message:
                progress(message["progress"])
            elif "error" in message:
                raise messages.error_from_json(message["error"])
            else:
                return environment.load(settings)
    raise SupervisorFailed(f"the servers were not ready within {UP_SECONDS} s", hint=f"read {settings.home / LOG}")


def down(settings: Settings, progress: Progress) -> None:
    """Export S3 and stop the servers; NotRunning if nothing runs, and the export's error if that failed.

    After a failed export the servers still run, so that nothing is lost.
    """
    supervisor = living(settings.home)
    if supervisor is None:
        leftover = settings.home / STATE_FILE
        if leftover.exists():
            leftover.unlink()
            progress(f"the supervisor of {settings.home} had been killed; its servers ended with it")
            return
        raise NotRunning(f"no lakehouse is running in {settings.home}", hint="lakehouse up")
    outcome = settings.home / messages.OUTCOME_FILE
    outcome.unlink(missing_ok=True)
    progress("exporting S3, then stopping the servers")
    supervisor.send_signal(SIGTERM)
    poll = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda over: not over),
        wait=tenacity.wait_fixed(0.05),
        stop=tenacity.stop_after_delay(DOWN_SECONDS),
    )
    try:
        poll(lambda: outcome.exists() or living(settings.home) is None)
    except tenacity.RetryError:
        raise SupervisorFailed(
            f"the supervisor (pid {supervisor.pid}) did not end within {DOWN_SECONDS} s",
            hint=f"read {settings.home / LOG}",
        ) from None
    if not outcome.exists():
        raise SupervisorFailed(
            f"the supervisor ended before S3 was exported; the end of {settings.home / LOG}:\n"
            f"{last_lines(settings.home / LOG)}",
            hint="lakehouse up shows what S3 lacks",
        )
    message = json.loads(outcome.read_text())
    if "error" in message:
        raise messages.error_from_json(message["error"])
    for line in message["progress"]:
        progress(line)
    try:
        supervisor.wait(timeout=60)
    except psutil.TimeoutExpired:
        raise SupervisorFailed(
            f"the supervisor (pid {supervisor.pid}) has exported S3 but does not end",
            hint=f"read {settings.home / LOG}",
        ) from None


def status(settings: Settings) -> Status:
    """What runs, what has died, and what S3 is known to lack."""
    home = settings.home
    supervisor = living(home)
    state = home / STATE_FILE
    if supervisor is None:
        died = {}
        if state.exists():
            died["supervisor"] = (
                f"killed, and its servers with it (containers: removed by the next up); the end of {home / LOG}:\n{last_lines(home / LOG)}"
            )
        return Status(None, died, s3_loss(home))
    died_file = home / DIED_FILE
    died = json.loads(died_file.read_text()) if died_file.exists() else {}
    return Status(environment.load(settings) if state.exists() else None, died, s3_loss(home))


def as_dict(found: Status) -> dict[str, object]:
    """The status for JSON, without passwords."""
    shown = asdict(found)
    if found.environment is not None:
        for part, secrets in (("postgres", ("dsn", "capture_dsn")), ("s3", ("secret_key",))):
            for secret in secrets:
                shown["environment"][part].pop(secret)
    return shown
