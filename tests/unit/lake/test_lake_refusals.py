"""Errors of a lake that its world makes: each by its name, with what is there and what to try."""

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pytest
from botocore.exceptions import ClientError
from memory import MemoryStorage
from pyspark import SparkContext

from lakehouse_aws import ledger
from lakehouse_aws.errors import RecordTooNew
from lakehouse_core.errors import LakehouseError
from lakehouse_local import rebuild, settings
from lakehouse_local.dashboard import site
from lakehouse_local.environment import S3Part
from lakehouse_local.errors import FileUnwritable, FormatChanged, LakeIncomplete, LakeNotEmpty, SparkRefused
from lakehouse_local.lake import mark, work
from lakehouse_local.lake.records import Applied, RunRecord
from lakehouse_local.providers import s3_client
from lakehouse_local.providers.errors import S3Refused
from lakehouse_local.query import engine, snapshot
from lakehouse_local.query.errors import LakeUnreachable, QueryFailed, SnapshotUnreadable
from lakehouse_local.query.files import Blob, Files
from lakehouse_local.spark import session as spark_session

NOWHERE = S3Part("url", "a test", "1", "http://127.0.0.1:9", "key", "secret")
RECORD = RunRecord(1, datetime(2026, 6, 1, tzinfo=UTC), "delta", "dms", Applied(1, 1, 100))


class Listed(Files):
    """A bucket as a listing; nothing in it can be read."""

    def __init__(self, folder: Path, keys: Sequence[str]) -> None:
        super().__init__(NOWHERE, folder)
        self._keys = keys

    def listed(self, bucket: str, prefix: str) -> list[Blob]:
        """What was said to be there."""
        return [Blob(bucket, key, "e", 1) for key in self._keys if key.startswith(prefix)]


def write_nowhere(folder: Path) -> None:
    """A page whose folder is not there."""
    site.write("page", folder / "none" / "page.html")


def another_format(_: Path) -> None:
    """A run that asks for another format than the lake's."""
    work._format_of(RECORD, "hudi")


def less_than_before(folder: Path) -> None:
    """S3 holds less than this home has seen."""
    mark.advance(folder, manifest=(1, 7), run=3)
    mark.check(folder, manifest=(1, 6), run=3)


def no_reader(folder: Path) -> None:
    """A table of a format that no reader knows."""
    snapshot.snapshot(Listed(folder, ["order/x"]), "gold", "order", "iceberg", "1")


def no_answer(folder: Path) -> None:
    """A Hudi table whose S3 is gone between the listing and the reading."""
    instant = "20260101000000000"
    keys = ["order/.hoodie/hoodie.properties", f"order/.hoodie/{instant}.commit"]
    with mock.patch.object(snapshot, "HudiTable", side_effect=RuntimeError("connection refused")):
        snapshot.snapshot(Listed(folder, keys), "gold", "order", "hudi", instant)


def no_result(_: Path) -> None:
    """A query that DuckDB understands and cannot answer."""
    with duckdb.connect() as connection, engine._named_errors():
        connection.execute("select error('it has no result')").fetchall()


def newer_record(_: Path) -> None:
    """A job's record that a newer wheel wrote."""
    storage = MemoryStorage()
    storage.put(
        "silver",
        f"{ledger.folder('order')}/runs/000000000001.json.gz",
        gzip.compress(json.dumps({"version": 99}).encode()),
    )
    ledger.latest(storage, "silver", "order")


def denied(_: Path) -> None:
    """An S3 that answers with an error."""
    with s3_client.named_errors(NOWHERE, "reading s3://x/y"):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")


CASES: list[tuple[Callable[[Path], None], type[LakehouseError], str]] = [
    (write_nowhere, FileUnwritable, "No such file or directory"),
    (another_format, FormatChanged, "tables are delta; hudi was asked for"),
    (less_than_before, LakeIncomplete, "had come to manifest 1/7 and run 3; S3 holds manifest 1/6 and run 3"),
    (no_reader, SnapshotUnreadable, "no reader for table format 'iceberg'"),
    (no_answer, LakeUnreachable, "the Hudi table s3://gold/order cannot be read"),
    (no_result, QueryFailed, "it has no result"),
    (newer_record, RecordTooNew, "newer version"),
    (denied, S3Refused, "answers AccessDenied"),
]


@pytest.mark.parametrize(("do", "error", "said"), CASES, ids=[error.code for _, error, _ in CASES])
def test_it_has_a_name(tmp_path: Path, do: Callable[[Path], None], error: type[LakehouseError], said: str) -> None:
    """What went wrong, in words of ours."""
    with pytest.raises(error, match=said):
        do(tmp_path)


@pytest.mark.parametrize("holds", ["a lake", "a source that went on"])
def test_a_home_that_is_not_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holds: str) -> None:
    """Rebuilding goes into a new home: neither over a lake nor over a source whose days were played."""
    chosen = replace(settings.from_environment(), home=tmp_path)

    class Anything:
        """Stands for servers that nothing is asked of."""

        def __getattr__(self, name: str) -> Any:
            return Anything()

    report = work.RunReport((1,), datetime(2030, 1, 1, tzinfo=UTC), work.sources.Captured(0, 0, 0, 0.0))
    monkeypatch.setattr(rebuild.supervisor, "up", lambda *_: Anything())
    monkeypatch.setattr(rebuild, "S3Storage", lambda _: MemoryStorage())
    monkeypatch.setattr(rebuild.manifest, "newest", lambda *_: Anything() if holds == "a lake" else None)
    monkeypatch.setattr(rebuild.seeding, "seed", lambda *_: None)
    monkeypatch.setattr(rebuild.work, "run", lambda *_: report)
    with pytest.raises(LakeNotEmpty, match="already"):
        rebuild.rebuild(chosen, rebuild.Day("small", 7, 0), lambda _: None, lambda *_: None)


def test_a_spark_that_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said that it starts; the setting of the heap and the log are named."""
    chosen = replace(settings.from_environment(), home=tmp_path, driver_memory="3g")

    def broken(*_: object) -> Any:
        raise RuntimeError("no heap")

    monkeypatch.setattr(SparkContext, "_active_spark_context", None)
    monkeypatch.setattr(spark_session, "_prepare", lambda _: None)
    monkeypatch.setattr(spark_session, "_builder", broken)
    said: list[str] = []
    with pytest.raises(SparkRefused, match="Spark did not start: no heap") as refused:
        spark_session.session(chosen, None, "x", said.append)
    assert said == ["starting Spark"]
    assert "LAKEHOUSE_DRIVER_MEMORY" in refused.value.hint
    assert "(3g)" in refused.value.hint
