"""A Storage in memory, for tests of what is built on the port (the port's own suite runs on real S3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lakehouse_core.errors import ObjectMissing


@dataclass
class MemoryStorage:
    """Objects in a dictionary."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def get(self, bucket: str, key: str) -> bytes:
        """The object's bytes."""
        try:
            return self.objects[bucket, key]
        except KeyError:
            raise ObjectMissing(f"s3://{bucket}/{key} does not exist") from None

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Store the object."""
        self.objects[bucket, key] = body

    def put_if_absent(self, bucket: str, key: str, body: bytes) -> bool:
        """Store the object if the key is free."""
        if (bucket, key) in self.objects:
            return False
        self.objects[bucket, key] = body
        return True

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """The keys below a prefix, in lexical order."""
        return iter(sorted(key for held, key in self.objects if held == bucket and key.startswith(prefix)))

    def delete(self, bucket: str, key: str) -> None:
        """Remove the object."""
        self.objects.pop((bucket, key), None)
