"""An endpoint that ends and comes back: what it remembers, and what becomes of what was running."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from aws_endpoint import Endpoint, until

from lakehouse_core.contracts import Naming
from lakehouse_local import settings as settings_module
from lakehouse_local.engines.jobs import children
from lakehouse_local.environment import S3Part
from lakehouse_local.gateway.server import GatewayServer
from lakehouse_local.settings import Settings

SCRIPTS = Naming().bucket("scripts")


@pytest.fixture
def own(tmp_path: Path, s3: S3Part) -> Iterator[Endpoint]:
    """An endpoint of the test's own."""
    settings = Settings(tmp_path, settings_module.from_environment().cache, s3="moto")
    server = GatewayServer(settings)
    try:
        yield Endpoint(server.start(s3), s3, server)
    finally:
        server.stop()


def _running_job(glue: Any, s3_client: Any) -> str:
    """A job's run that loops, with a child of its own."""
    script = (
        b"import subprocess, sys, time\nsubprocess.Popen(['sleep', '600'], start_new_session=True)\ntime.sleep(600)"
    )
    s3_client.put_object(Bucket=SCRIPTS, Key="loop.py", Body=script)
    command = {"Name": "pythonshell", "ScriptLocation": f"s3://{SCRIPTS}/loop.py"}
    glue.create_job(Name="loop", Role="r", Command=command)
    run = str(glue.start_job_run(JobName="loop")["JobRunId"])
    until(lambda: len(children._marked(run)) == 2)
    return run


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_what_is_remembered_and_what_has_ended(own: Endpoint, how: str) -> None:
    """Tables and jobs are there again at the same address; a run that went on has ended, and its processes with it."""
    glue = own.client("glue")
    glue.create_database(DatabaseInput={"Name": "kept"})
    glue.create_table(DatabaseName="kept", TableInput={"Name": "t"})
    run = _running_job(glue, own.client("s3"))
    process = own.server._server
    assert process is not None
    if how == "killed":
        os.kill(process.process.pid, signal.SIGKILL)
        process.process.wait()
        # The script dies with the endpoint; its child, in a session of its own, is for the next endpoint to end.
        until(lambda: len(children._marked(run)) == 1)
    else:
        own.server.stop()
        assert children._marked(run) == []
    assert not psutil.pid_exists(process.process.pid)
    again = own.server.start(own.s3)
    assert again == own.aws
    until(lambda: children._marked(run) == [])
    assert glue.get_table(DatabaseName="kept", Name="t")["Table"]["VersionId"] == "0"
    found = glue.get_job_run(JobName="loop", RunId=run)["JobRun"]
    assert found["JobRunState"] == {"killed": "FAILED", "stopped": "STOPPED"}[how]
    glue.batch_stop_job_run(JobName="loop", JobRunIds=[glue.start_job_run(JobName="loop")["JobRunId"]])


def test_the_state_is_the_owners_alone(own: Endpoint) -> None:
    """What the endpoint keeps can be read by nobody else."""
    own.client("glue").create_database(DatabaseInput={"Name": "d"})
    for file in Path(own.aws.folder).rglob("*"):
        assert file.stat().st_mode & 0o077 == 0, file
