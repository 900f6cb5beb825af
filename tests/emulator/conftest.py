"""The AWS endpoint as a process of its own over moto, for boto3."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
import tenacity
from botocore.config import Config

from lakehouse_local import settings as settings_module
from lakehouse_local.environment import AwsPart, S3Part
from lakehouse_local.gateway.server import GatewayServer
from lakehouse_local.providers import servers
from lakehouse_local.settings import Settings


@dataclass(frozen=True)
class Endpoint:
    """The running endpoint."""

    aws: AwsPart
    s3: S3Part
    server: GatewayServer

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client that knows this endpoint and no other."""
        given = {"aws_access_key_id": self.s3.access_key, "aws_secret_access_key": self.s3.secret_key} | options
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60)
        return boto3.session.Session().client(
            service, endpoint_url=self.aws.endpoint, region_name=self.s3.region, **{"config": config, **given}
        )


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """One endpoint over one moto with the lake's buckets."""
    cache = settings_module.from_environment().cache
    settings = Settings(tmp_path_factory.mktemp("endpoint"), cache, s3="moto", driver_memory="1g")
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


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    """Poll until it is true."""
    tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda found: not found),
        wait=tenacity.wait_fixed(0.05),
        stop=tenacity.stop_after_delay(seconds),
    )(true)
