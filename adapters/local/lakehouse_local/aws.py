"""The lakehouse's AWS endpoint for boto3."""

from dataclasses import dataclass, replace
from typing import Any

import boto3

from lakehouse_local.environment import Environment, S3Part
from lakehouse_local.providers.s3_client import CONFIG


@dataclass(frozen=True)
class Aws:
    """A running endpoint and its credentials; neither a profile nor the environment has a say."""

    part: S3Part

    @classmethod
    def of(cls, running: Environment) -> "Aws":
        """The one endpoint for all services, or S3's own where it runs alone."""
        return cls(replace(running.s3, endpoint=running.aws.endpoint) if running.aws else running.s3)

    @property
    def endpoint(self) -> str:
        """The URL that clients talk to."""
        return self.part.endpoint

    def client(self, service: str = "s3") -> Any:
        """A boto3 client of a service at the endpoint; a service that it lacks answers with its own error."""
        # The stubs know each service by a literal of its own.
        return boto3.session.Session().client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.part.endpoint,
            aws_access_key_id=self.part.access_key,
            aws_secret_access_key=self.part.secret_key,
            region_name=self.part.region,
            config=CONFIG,
        )
