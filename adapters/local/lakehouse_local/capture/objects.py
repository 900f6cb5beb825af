"""Storing objects for good: bounded retries, and never over another writer's object."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from lakehouse_core.ports import Storage
from lakehouse_local.capture.errors import StorageGone
from lakehouse_local.capture.manifest import PREFIX, Manifest, newest
from lakehouse_local.capture.settings import S3Settings
from lakehouse_local.providers.errors import S3Refused, S3Unreachable

_Result = TypeVar("_Result")
_ATTEMPTS = 3
_FAILURES = (S3Unreachable, S3Refused)


@dataclass(frozen=True)
class Bronze:
    """Where a capture writes: the object store, the bucket, and DMS's settings for what stands in it."""

    storage: Storage
    bucket: str
    settings: S3Settings

    def store(self, key: str, body: bytes) -> None:
        """Store an object, over an earlier one if there is one; StorageGone after bounded retries."""
        self._retried(lambda: self.storage.put(self.bucket, key, body), key)

    def store_new(self, key: str, body: bytes) -> bool:
        """Store an object under a free key; False if another object has the key.

        An object with the very same bytes is ours: an earlier attempt stored it and its answer was lost.
        """
        if self._retried(lambda: self.storage.put_if_absent(self.bucket, key, body), key):
            return True
        return self._retried(lambda: self.storage.get(self.bucket, key), key) == body

    def newest(self) -> Manifest | None:
        """The checkpoint: the last manifest; None before the first full load."""
        return self._retried(lambda: newest(self.storage, self.bucket), PREFIX)

    def _retried(self, action: Callable[[], _Result], key: str) -> _Result:
        attempts = Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_exponential(multiplier=0.2, max=3),
            retry=retry_if_exception_type(_FAILURES),
        )
        try:
            return attempts(action)
        except RetryError as problem:
            cause = problem.last_attempt.exception()
            raise StorageGone(
                f"S3 failed {_ATTEMPTS} times at s3://{self.bucket}/{key}: {cause}",
                hint="start S3 again (lakehouse status); the capture goes on where the last manifest ends",
            ) from cause
