"""Real clients in an environment of their own (`make setup`), each told of the endpoint by environment variables alone."""

import os
import subprocess
from pathlib import Path

import pytest
from aws_clients import Client, programs
from aws_endpoint import Endpoint


@pytest.fixture
def client(endpoint: Endpoint, tmp_path: Path) -> Client:
    """Runs ``program arguments...`` of the clients' environment to its end, in a folder of the test's own."""
    folder = programs()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    variables = inherited | {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": endpoint.aws.endpoint,
        "AWS_ACCESS_KEY_ID": endpoint.s3.access_key,
        "AWS_SECRET_ACCESS_KEY": endpoint.s3.secret_key,
        "AWS_DEFAULT_REGION": endpoint.s3.region,
    }

    def run(program: str, *arguments: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [folder / program, *arguments],
            cwd=tmp_path,
            env=variables,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert (done.returncode == 0) is ok, done.stdout[-6000:] + done.stderr[-6000:]
        return done

    return run
