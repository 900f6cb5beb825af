"""Objects that are not compressed, where an endpoint asks for none: what the engine gzips is stored as it was."""

import gzip
from collections.abc import Iterator

from lakehouse_core.ports import Storage


class PlainStorage:
    """An object store that takes gzip and keeps what was in it."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def get(self, bucket: str, key: str) -> bytes:
        """The object, in the bytes in which it was given."""
        return gzip.compress(self._storage.get(bucket, key), mtime=0)

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Store what is in the gzip."""
        self._storage.put(bucket, key, gzip.decompress(body))

    def put_if_absent(self, bucket: str, key: str, body: bytes) -> bool:
        """Store what is in the gzip if the key is free, or holds the very same already."""
        content = gzip.decompress(body)
        return self._storage.put_if_absent(bucket, key, content) or self._storage.get(bucket, key) == content

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """The keys below a prefix."""
        return self._storage.keys(bucket, prefix)

    def delete(self, bucket: str, key: str) -> None:
        """Remove the object."""
        self._storage.delete(bucket, key)
