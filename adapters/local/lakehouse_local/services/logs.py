"""CloudWatch Logs of the forward target, where it has them: what jobs, crawlers and tasks say is kept there too."""

import logging
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lakehouse_local.engines.jobs.logs import Ship
from lakehouse_local.environment import S3Part

_CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2})
_LOG = logging.getLogger(__name__)


class Logs:
    """One forward target's. Nothing that it refuses stops whoever writes: runs keep their logs as files as well."""

    def __init__(self, part: S3Part) -> None:
        self._part = part
        self._lock = threading.Lock()
        self._made: set[tuple[str, str]] = set()

    def ship(self, group: str, stream: str) -> Ship:
        """A way for lines into a stream, which is made when the first line comes."""

        def put(lines: Sequence[tuple[int, str]]) -> None:
            try:
                self._make(group, stream)
                events: Any = [{"timestamp": at, "message": line or " "} for at, line in lines]
                self._client().put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
            except (BotoCoreError, ClientError) as error:
                _LOG.warning("%s %s: %s", group, stream, error)

        return put

    def _client(self) -> Any:
        return _client(self._part)

    def _make(self, group: str, stream: str) -> None:
        with self._lock:
            if (group, stream) in self._made:
                return
            client = self._client()
            for make, names in (
                (client.create_log_group, {"logGroupName": group}),
                (client.create_log_stream, {"logGroupName": group, "logStreamName": stream}),
            ):
                try:
                    make(**names)
                except client.exceptions.ResourceAlreadyExistsException:
                    continue
            self._made.add((group, stream))


@lru_cache(maxsize=4)
def _client(part: S3Part) -> Any:
    return boto3.session.Session().client(
        "logs",
        endpoint_url=part.endpoint,
        aws_access_key_id=part.access_key,
        aws_secret_access_key=part.secret_key,
        region_name=part.region,
        config=_CONFIG,
    )
