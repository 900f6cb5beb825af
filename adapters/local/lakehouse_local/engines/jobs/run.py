"""One run, from its folder to its end. Blocks; call it in a thread of the run's own."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from lakehouse_core.errors import LakehouseError
from lakehouse_local.engines.jobs import arguments, children, fetch, spark_conf
from lakehouse_local.engines.jobs.errors import LaunchFailed
from lakehouse_local.engines.jobs.logs import Pump, Ship
from lakehouse_local.engines.jobs.model import Ending, Launch, Outcome, World
from lakehouse_local.spark import java
from lakehouse_local.storage import S3Storage

RUNTIME = Path(__file__).with_name("runtime")
BOOKMARKS = "LAKEHOUSE_BOOKMARKS"
_LOOK_SECONDS = 0.1
_STOP_SECONDS = 3.0
_DRAIN_SECONDS = 5.0


@dataclass(frozen=True)
class Watch:
    """How a run talks to whoever started it: when to stop, that it runs now, and where its lines go."""

    stopping: Event
    running: Callable[[], None]
    output: Ship
    error: Ship


def run(launch: Launch, world: World, watch: Watch) -> Outcome:
    """Run the script to its end; every way of failing is an outcome."""
    folder = world.folder / launch.run_id
    folder.mkdir(parents=True, mode=0o700)
    try:
        command, environment = _prepared(launch, world, folder)
    except (LakehouseError, OSError, subprocess.TimeoutExpired) as error:
        message = error.message if isinstance(error, LakehouseError) else str(error)
        watch.error([(time.time_ns() // 1_000_000, str(error))])
        return Outcome(Ending.FAILED, f"LAUNCH ERROR | {message}", None)
    if watch.stopping.is_set():
        return Outcome(Ending.STOPPED, "", None)
    try:
        return _watched(command, environment, launch, folder, watch)
    finally:
        for scratch in ("spark", "warehouse", "conf"):
            shutil.rmtree(folder / scratch, ignore_errors=True)


def _prepared(launch: Launch, world: World, folder: Path) -> tuple[list[str], dict[str, str]]:
    """The command line and the whole environment of the process."""
    asked = arguments.special(launch.arguments)
    get = S3Storage(world.s3).get
    work = folder / "work"
    python = world.settings.glue_python
    script = fetch.script(get, launch.script, work)
    fetch.files(get, asked.files, work)
    path = [RUNTIME, *fetch.python_path(get, asked.py_files, folder)]
    if modules := fetch.install(get, asked.modules, folder, python):
        path.append(modules)
    (folder / "bookmarks.json").write_text(json.dumps(launch.bookmarks))
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(work),
        "TMPDIR": str(work),
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "AWS_ENDPOINT_URL": world.endpoint,
        "AWS_ENDPOINT_URL_S3": world.s3.endpoint,
        "AWS_ACCESS_KEY_ID": world.s3.access_key,
        "AWS_SECRET_ACCESS_KEY": world.s3.secret_key,
        "AWS_REGION": world.s3.region,
        "AWS_DEFAULT_REGION": world.s3.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        BOOKMARKS: str(folder),
        children.MARK: launch.run_id,
    }
    if launch.kind == "spark":
        jars = fetch.files(get, asked.jars, folder / "jars")
        environment |= {
            "JAVA_HOME": str(java.find(world.settings.cache).home),
            "SPARK_CONF_DIR": str(spark_conf.write(folder, launch, asked, jars, world)),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": python,
        }
    elif asked.formats or asked.jars:
        raise LaunchFailed("--datalake-formats and --extra-jars belong to Spark jobs")
    command = [python, str(RUNTIME / "launch.py"), str(folder / "outcome.json"), str(script)]
    return [*command, *arguments.argv(launch.arguments)], environment


def _watched(command: list[str], environment: Mapping[str, str], launch: Launch, folder: Path, watch: Watch) -> Outcome:
    process = subprocess.Popen(
        command,
        cwd=folder / "work",
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=children.adopt,  # noqa: PLW1509 (the only way to die with us)
    )
    assert process.stdout is not None  # noqa: S101 (PIPE was asked for)
    assert process.stderr is not None  # noqa: S101
    pumps = (
        Pump(process.stdout, folder / "output.log", watch.output),
        Pump(process.stderr, folder / "error.log", watch.error),
    )
    for pump in pumps:
        pump.start()
    watch.running()
    try:
        ending = _awaited(process, launch.timeout, watch.stopping)
    finally:
        children.end(process, launch.run_id)
        for pump in pumps:
            pump.close(_DRAIN_SECONDS)
        process.stdout.close()
        process.stderr.close()
    committed = folder / "committed.json"
    bookmarks = json.loads(committed.read_text()) if committed.exists() else None
    if ending is not None:
        return Outcome(ending, "" if ending is Ending.STOPPED else _overdue(launch), bookmarks)
    message = _message(folder / "outcome.json", process.returncode)
    return Outcome(Ending.FAILED if message else Ending.SUCCEEDED, message, bookmarks)


def _awaited(process: subprocess.Popen[bytes], timeout: float | None, stopping: Event) -> Ending | None:
    """Wait for the process; how it was ended if it was not its own doing."""
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        try:
            process.wait(_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if stopping.is_set():
                _ask(process)
                return Ending.STOPPED
            if end is not None and time.monotonic() >= end:
                return Ending.TIMEOUT
        else:
            return None


def _ask(process: subprocess.Popen[bytes]) -> None:
    """Let the script end by itself for a moment."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        return


def _message(outcome: Path, code: int) -> str:
    """Why the script failed; empty if it did not."""
    try:
        return str(json.loads(outcome.read_text())["message"])
    except (OSError, ValueError):
        # It never came to write its outcome: killed, or gone through os._exit.
        if code == 0:
            return ""
        if code < 0:
            return f"Command failed with exit code {128 - code}: killed by {signal.Signals(-code).name}"
        return f"Command failed with exit code {code}"


def _overdue(launch: Launch) -> str:
    return f"the run exceeded its timeout of {(launch.timeout or 0) / 60:g} minutes"
