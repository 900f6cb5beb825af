"""The core's Storage port: one suite for the local adapter and the one for AWS."""

from collections.abc import Callable

import pytest

import lakehouse_aws.storage
import lakehouse_local.storage
from lakehouse_core.errors import ObjectMissing
from lakehouse_core.ports import Storage
from lakehouse_local.environment import S3Part
from lakehouse_local.providers.s3_client import client

ADAPTERS: dict[str, Callable[[S3Part], Storage]] = {
    "local": lakehouse_local.storage.S3Storage,
    "aws": lambda part: lakehouse_aws.storage.S3Storage(client(part)),
}
BUCKET = "lakehouse-poc-dev-silver-ti4jmrk8"


@pytest.fixture(params=ADAPTERS)
def storage(request: pytest.FixtureRequest, s3: S3Part) -> Storage:
    """Each adapter's storage over empty buckets."""
    return ADAPTERS[request.param](s3)


def test_what_is_put_is_there(storage: Storage) -> None:
    """Bytes come back as they went in; a second put replaces them."""
    storage.put(BUCKET, "a/1", b"\x00one")
    storage.put(BUCKET, "a/1", b"two")
    assert storage.get(BUCKET, "a/1") == b"two"


def test_only_the_first_puts_if_absent(storage: Storage) -> None:
    """The second is told so, and changes nothing."""
    assert storage.put_if_absent(BUCKET, "a/1", b"one")
    assert not storage.put_if_absent(BUCKET, "a/1", b"two")
    assert storage.get(BUCKET, "a/1") == b"one"


def test_keys_are_those_of_the_prefix_in_order(storage: Storage) -> None:
    """In the order of their bytes, nobody else's among them."""
    for key in ("a/2", "a/10", "b/1", "a/1"):
        storage.put(BUCKET, key, b"")
    assert list(storage.keys(BUCKET, "a/")) == ["a/1", "a/10", "a/2"]
    assert list(storage.keys(BUCKET, "c/")) == []


def test_what_is_not_there_is_named(storage: Storage) -> None:
    """ObjectMissing, by the object's name."""
    with pytest.raises(ObjectMissing, match="a/none"):
        storage.get(BUCKET, "a/none")
