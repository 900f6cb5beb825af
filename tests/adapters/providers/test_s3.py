"""Storage on real S3 servers, and buckets that are carried over a restart."""

from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from lakehouse_core.contracts import Naming
from lakehouse_core.errors import ObjectMissing
from lakehouse_local.environment import S3Part
from lakehouse_local.providers import s3_export
from lakehouse_local.providers.errors import ExportIncomplete, S3Refused, S3Unreachable
from lakehouse_local.providers.s3_client import client
from lakehouse_local.storage import S3Storage

BUCKET = Naming().bucket("bronze")
KEYS = ["../../evil", "a/b", "a/b/c", "a b+c%2F=ü/é\U0001f600", "empty", "z//double"]


@pytest.fixture(params=["s3", "localstack"], ids=["moto", "localstack"])
def part(request: pytest.FixtureRequest) -> S3Part:
    """Each S3 in turn, its buckets empty."""
    found: S3Part = request.getfixturevalue(request.param)
    return found


def test_storage_keeps_its_promises(part: S3Part) -> None:
    """Get, put, put if absent, keys in order, delete; a missing object has a name of its own."""
    storage = S3Storage(part)
    for key in reversed(KEYS):
        storage.put(BUCKET, key, key.encode() if key != "empty" else b"")
    assert list(storage.keys(BUCKET, "")) == sorted(KEYS, key=lambda key: key.encode())
    assert list(storage.keys(BUCKET, "a/")) == ["a/b", "a/b/c"]
    assert storage.get(BUCKET, "../../evil") == b"../../evil"
    assert storage.put_if_absent(BUCKET, "lease", b"1")
    assert not storage.put_if_absent(BUCKET, "lease", b"2")
    assert storage.get(BUCKET, "lease") == b"1"
    storage.delete(BUCKET, "lease")
    storage.delete(BUCKET, "lease")
    with pytest.raises(ObjectMissing, match="lease"):
        storage.get(BUCKET, "lease")
    with pytest.raises(ObjectMissing, match="no-such-bucket"):
        list(storage.keys("no-such-bucket", ""))


def test_an_s3_that_is_gone_is_named(part: S3Part) -> None:
    """Nobody answers at that address."""
    with pytest.raises(S3Unreachable, match="does not answer"):
        S3Storage(replace(part, endpoint="http://127.0.0.1:9")).get(BUCKET, "x")


def test_an_answer_that_is_an_error_is_named(part: S3Part) -> None:
    """An impossible bucket name is refused by the server, and its words are passed on."""
    with pytest.raises((S3Refused, ObjectMissing), match="writing s3://"):
        S3Storage(part).put("no-such-bucket", "x", b"")


def test_buckets_come_back_as_they_were(part: S3Part, tmp_path: Path) -> None:
    """Export, wipe, restore: keys, bytes, types and metadata; the second export fetches only what changed."""
    storage, s3 = S3Storage(part), client(part)
    for key in KEYS:
        storage.put(BUCKET, key, key.encode() * 1000 if key != "empty" else b"")
    s3.put_object(Bucket=BUCKET, Key="typed", Body=b"{}", ContentType="application/json", Metadata={"run": "7"})
    first = s3_export.export(part, tmp_path)
    assert len(first.objects) == len(KEYS) + 1
    outside = {path.name for path in tmp_path.rglob("*")} - {item.file for item in first.objects}
    assert outside == {"s3-export", "objects", "index.json"}

    unchanged = {path: path.stat().st_mtime_ns for path in (tmp_path / "s3-export" / "objects").iterdir()}
    storage.put(BUCKET, "a/b", b"new")
    storage.delete(BUCKET, "a/b/c")
    second = s3_export.export(part, tmp_path)
    assert {item.key for item in second.objects} == {*KEYS, "typed"} - {"a/b/c"}
    kept = [path for path in unchanged if path.exists()]
    assert len(kept) == len(KEYS) - 1
    assert all(path.stat().st_mtime_ns == unchanged[path] for path in kept)

    for key in list(storage.keys(BUCKET, "")):
        storage.delete(BUCKET, key)
    s3_export.restore(part, tmp_path)
    assert storage.get(BUCKET, "a/b") == b"new"
    assert storage.get(BUCKET, "../../evil") == b"../../evil" * 1000
    typed = s3.get_object(Bucket=BUCKET, Key="typed")
    assert (typed["ContentType"], typed["Metadata"]) == ("application/json", {"run": "7"})


def test_a_damaged_export_is_named_before_anything_is_restored(part: S3Part, tmp_path: Path) -> None:
    """A lost file and a cut index are errors with the way back, not a bucket with holes."""
    S3Storage(part).put(BUCKET, "one", b"1")
    exported = s3_export.export(part, tmp_path)
    S3Storage(part).delete(BUCKET, "one")
    (tmp_path / "s3-export" / "objects" / exported.objects[0].file).unlink()
    with pytest.raises(ExportIncomplete, match=r"lacks 1 of 1 objects.*one"):
        s3_export.restore(part, tmp_path)
    (tmp_path / "s3-export" / "index.json").write_text("{")
    with pytest.raises(ExportIncomplete, match="damaged"):
        s3_export.restore(part, tmp_path)


def test_the_servers_listen_on_loopback_only(part: S3Part) -> None:
    """LocalStack would listen everywhere; our launcher keeps it in."""
    port = int(part.endpoint.rsplit(":", 1)[1])
    listening = {
        connection.laddr.ip
        for process in psutil.Process().children(recursive=True)
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
    }
    assert listening == {"127.0.0.1"}
