"""The AWS endpoint as a process of its own over moto, for boto3."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_endpoint import Endpoint

from lakehouse_local import settings as settings_module
from lakehouse_local.gateway.server import GatewayServer
from lakehouse_local.providers import servers

GLUE_PYTHON = Path(__file__).parents[2] / ".venv-glue" / "bin" / "python"
"""A Python that has what AWS Glue 5.1 has, and nothing else (requirements/glue.in)."""


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """One endpoint over one moto with the lake's buckets."""
    home = tmp_path_factory.mktemp("endpoint")
    settings = replace(settings_module.from_environment(), home=home, s3="moto", driver_memory="1g")
    settings = replace(settings, glue_python=str(GLUE_PYTHON) if GLUE_PYTHON.exists() else sys.executable)
    with servers.running_s3(settings) as s3:
        server = GatewayServer(settings)
        try:
            yield Endpoint(server.start(s3), s3, server)
        finally:
            server.stop()


@pytest.fixture(scope="session")
def glue(endpoint: Endpoint) -> Any:
    """A Glue client."""
    return endpoint.client("glue")


@pytest.fixture(scope="session")
def s3_client(endpoint: Endpoint) -> Any:
    """An S3 client through the endpoint."""
    return endpoint.client("s3")
