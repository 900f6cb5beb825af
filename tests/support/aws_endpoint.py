"""The AWS endpoint as a process of its own, and how tests talk to it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
import tenacity
from botocore.config import Config
from botocore.exceptions import ClientError

from lakehouse_local.environment import AwsPart, S3Part
from lakehouse_local.gateway.server import GatewayServer

CONFIG = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60)


@dataclass(frozen=True)
class Endpoint:
    """The running endpoint."""

    aws: AwsPart
    s3: S3Part
    server: GatewayServer

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client that knows this endpoint and no other, and repeats nothing."""
        keys = {"aws_access_key_id": self.s3.access_key, "aws_secret_access_key": self.s3.secret_key}
        where = {"endpoint_url": self.aws.endpoint, "region_name": self.s3.region, "config": CONFIG}
        return boto3.session.Session().client(service, **{**where, **keys, **options})


def code_of(call: Any, **request: Any) -> str:
    """The error's code of a call that must fail."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    return str(caught.value.response["Error"]["Code"])


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Poll until it is true."""
    tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda found: not found),
        wait=tenacity.wait_fixed(0.05),
        stop=tenacity.stop_after_delay(seconds),
    )(true)
