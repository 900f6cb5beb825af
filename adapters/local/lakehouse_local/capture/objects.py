"""Storing objects for good: bounded retries, and never over another writer's object."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from lakehouse_core.ports import Storage
from lakehouse_local.capture.errors import StorageGone, WireChanged
from lakehouse_local.capture.manifest import PREFIX, Manifest, newest
from lakehouse_local.capture.wire import Wire
from lakehouse_local.providers.errors import S3Refused, S3Unreachable

GZIP_LEVEL = 1
"""Of all bronze files: a core's time is worth more there than the bytes that a higher level saves."""

_Result = TypeVar("_Result")
_ATTEMPTS = 3
_FAILURES = (S3Unreachable, S3Refused)


@dataclass(frozen=True)
class Bronze:
    """Where a capture writes: the object store, the bucket, and the wire on which it writes there."""

    storage: Storage
    bucket: str
    wire: Wire

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
        """The checkpoint: the last manifest; None before the first full load.

        Raises:
            WireChanged: it was written on another wire, whose readers would not understand this one.
        """
        found = self._retried(lambda: newest(self.storage, self.bucket), PREFIX)
        if found is not None and found.wire != self.wire.name:
            raise WireChanged(
                f"bronze in s3://{self.bucket} is written as {found.wire}; {self.wire.name} was asked for",
                hint=f"--wire {found.wire} (or leave it out); another wire needs a lake of its own: set LAKEHOUSE_HOME",
            )
        return found

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
