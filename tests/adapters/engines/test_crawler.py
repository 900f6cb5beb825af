"""Crawls over real S3: formats, partitions, the POC's bronze."""

import bz2
import gzip
import io
import json
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse_core.contracts import Naming
from lakehouse_local.engines.crawler import run
from lakehouse_local.engines.crawler.errors import FormatNotRead, LevelTooDeep, TargetMissing
from lakehouse_local.engines.crawler.model import (
    CsvClassifier,
    DeltaTarget,
    FoundTable,
    Grouping,
    HudiTarget,
    PathTarget,
    Target,
)
from lakehouse_local.engines.crawler.objects import Objects
from lakehouse_local.environment import S3Part
from lakehouse_local.providers.s3_client import client

BUCKET = Naming().bucket("bronze")
Stored = Mapping[str, bytes]


def _crawl(s3: S3Part, stored: Stored, target: Target, **options: object) -> dict[str, FoundTable]:
    """The tables that a crawl finds, by name."""
    found, _ = _crawl_log(s3, stored, target, **options)
    return {table.name: table for table in found.tables}


def _crawl_log(s3: S3Part, stored: Stored, target: Target, **options: object) -> tuple[run.Crawled, list[str]]:
    for key, body in stored.items():
        client(s3).put_object(Bucket=BUCKET, Key=key, Body=body)
    log: list[str] = []
    given = {
        "classifiers": (),
        "prefix": "",
        "grouping": Grouping(),
        "seen": frozenset(),
        "say": log.append,
        "stopping": lambda: False,
    } | options
    classifiers = given.pop("classifiers")
    return run.crawl(Objects(s3), (target,), classifiers, **given), log  # type: ignore[arg-type]


def _parquet(*rows: Mapping[str, object]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), file)
    return file.getvalue()


def test_gzip_csv_has_its_statistics(s3: S3Part) -> None:
    """A folder of gzip CSV becomes one table with counts of the objects and rows."""
    body = gzip.compress(b"".join(b"%d,name%d\n" % (n, n) for n in range(100)), mtime=0)
    (table,) = _crawl(
        s3, {"raw/core/a.csv.gz": body, "raw/core/b.csv.gz": body}, PathTarget(f"s3://{BUCKET}/raw/core/")
    ).values()
    assert (table.name, table.location) == ("core", f"s3://{BUCKET}/raw/core/")
    assert [(c.name, c.type) for c in table.columns] == [("col0", "bigint"), ("col1", "string")]
    assert table.parameters["compressionType"] == "gzip"
    assert table.parameters["recordCount"] == "200"
    assert table.parameters["sizeKey"] == str(2 * len(body))


def test_similar_folders_are_partitions(s3: S3Part) -> None:
    """Folders of like schemas are one table; k=v names the key, anything else is partition_n."""
    stored = {f"t/year=2024/{month}/x.json": b'{"a":1,"b":"x"}' for month in ("01", "02")}
    (table,) = _crawl(s3, stored, PathTarget(f"s3://{BUCKET}/t/")).values()
    assert [key.name for key in table.partition_keys] == ["year", "partition_1"]
    assert [partition.values for partition in table.partitions] == [("2024", "01"), ("2024", "02")]
    assert table.partitions[0].location == f"s3://{BUCKET}/t/year=2024/01/"


def test_unlike_folders_are_tables(s3: S3Part) -> None:
    """Folders of other schemas or formats are tables of their own."""
    stored = {"d/A-b/x.json": b'{"a":1}', "d/c/x.parquet": _parquet({"z": 1}), "d/e/x.json": b'{"q":"s","r":2}'}
    assert sorted(_crawl(s3, stored, PathTarget(f"s3://{BUCKET}/d"), prefix="raw_")) == ["raw_a_b", "raw_c", "raw_e"]


def test_level_and_combine(s3: S3Part) -> None:
    """A table level forces tables apart that are alike; combining joins what is unlike."""
    alike = {f"d/{name}/x.json": b'{"a":1}' for name in ("one", "two")}
    target = PathTarget(f"s3://{BUCKET}/d/")
    assert list(_crawl(s3, alike, target)) == ["d"]
    assert sorted(_crawl(s3, {}, target, grouping=Grouping(level=3))) == ["one", "two"]
    with pytest.raises(LevelTooDeep):
        _crawl(s3, {}, target, grouping=Grouping(level=1))
    unlike = {"u/one/x.json": b'{"a":1}', "u/two/x.json": b'{"b":1}'}
    target = PathTarget(f"s3://{BUCKET}/u/")
    assert sorted(_crawl(s3, unlike, target)) == ["one", "two"]


def test_combining_merges_columns(s3: S3Part) -> None:
    """Combining compatible schemas merges their columns."""
    stored = {"u/one/x.csv": b"1,2\n3,4\n", "u/two/x.csv": b"1,2,a\n3,4,b\n"}
    (table,) = _crawl(s3, stored, PathTarget(f"s3://{BUCKET}/u/"), grouping=Grouping(combine=True)).values()
    assert [column.name for column in table.columns] == ["col0", "col1", "col2"]


def test_json_that_gained_a_column_stays_one_table(s3: S3Part) -> None:
    """The serde's list of columns is the table's, not an object's: it keeps nothing apart."""
    stored = {
        "g/day=1/x.json": b'{"a":1,"b":1,"c":1}',
        "g/day=2/x.json": b'{"a":1,"b":1,"c":1,"d":1}',
    }
    (table,) = _crawl(s3, stored, PathTarget(f"s3://{BUCKET}/g/")).values()
    assert [column.name for column in table.columns] == ["a", "b", "c", "d"]
    assert table.format.serde_parameters["paths"] == "a,b,c,d"


def test_equal_folder_names_get_a_hash(s3: S3Part) -> None:
    """The second table of a name gets the hash of its place."""
    stored = {f"p/{name}/a.json": b'{"%s":1}' % name[:1].encode() for name in ("a/t", "a/u", "b/t", "b/u")}
    stored |= {"p/a/u/a.json": b'{"c":"x"}', "p/b/u/a.json": b'{"d":"x"}'}
    first, second = sorted(name for name in _crawl(s3, stored, PathTarget(f"s3://{BUCKET}/p/")) if name[0] == "t")
    assert first == "t"
    assert second.startswith("t_")
    assert len(second) == 2 + 32


def test_hidden_empty_and_excluded_objects(s3: S3Part) -> None:
    """Names with _ or . in front, empty objects and exclusions are no data."""
    stored = {
        "h/_SUCCESS": b"",
        "h/_temporary/x.json": b'{"no":1}',
        "h/.hidden/x.json": b'{"no":1}',
        "h/x.json": b'{"yes":1}',
        "h/old/y.json": b'{"no":1}',
    }
    (table,) = _crawl(s3, stored, PathTarget(f"s3://{BUCKET}/h/", exclusions=("old/**",))).values()
    assert [column.name for column in table.columns] == ["yes"]


def test_one_object_as_the_target(s3: S3Part) -> None:
    """A path that names an object crawls that object."""
    stored = {"o/x.json": b'{"a":1}', "o/y.json": b'{"b":"x"}'}
    (table,) = _crawl(s3, stored, PathTarget(f"s3://{BUCKET}/o/x.json")).values()
    assert [column.name for column in table.columns] == ["a"]


def test_bzip2_and_unknown(s3: S3Part) -> None:
    """bzip2 is read; what no classifier knows is logged, not guessed."""
    stored = {"z/a/x.bz2": bz2.compress(b"1,2\n3,4\n"), "z/b/x.bin": b"\x00\x01\x02\xff"}
    found, log = _crawl_log(s3, stored, PathTarget(f"s3://{BUCKET}/z/"))
    assert [table.name for table in found.tables] == ["z"]
    assert len(log) == 1
    assert "UNKNOWN" in log[0]


def test_a_format_that_aws_reads_and_we_do_not(s3: S3Part) -> None:
    """Avro is refused by name: leaving it out would be a wrong answer."""
    with pytest.raises(FormatNotRead, match="Avro"):
        _crawl(s3, {"v/x.avro": b"Obj\x01rest"}, PathTarget(f"s3://{BUCKET}/v/"))


def test_missing_bucket(s3: S3Part) -> None:
    """A bucket that is not there is named."""
    with pytest.raises(TargetMissing, match="nowhere"):
        _crawl(s3, {}, PathTarget("s3://nowhere/x/"))


def test_new_folders_only(s3: S3Part) -> None:
    """Folders that an earlier crawl saw are passed over."""
    stored = {"n/day=1/x.json": b'{"a":1}'}
    target = PathTarget(f"s3://{BUCKET}/n/")
    first, _ = _crawl_log(s3, stored, target)
    assert first.folders == {f"s3://{BUCKET}/n/day=1/"}
    second, _ = _crawl_log(s3, {"n/day=2/x.json": b'{"a":1}'}, target, seen=first.folders)
    (table,) = second.tables
    assert [partition.values for partition in table.partitions] == [("2",)]


def test_the_pocs_bronze_is_twelve_tables(s3: S3Part) -> None:
    """DMS's folders, one per table, are twelve tables with the bronze crawler's classifier and level."""
    tables = (
        *("core_tenant", "core_customer", "core_product", "core_order", "core_orderitem", "core_event"),
        *(
            "core_subscription",
            "core_invoice",
            "auth_permission",
            "auth_user",
            "django_content_type",
            "django_migrations",
        ),
    )
    row = b'I,2024-12-08 10:00:00.000000,1,"a ""quoted"" {text}",\\N\n'
    stored = {f"dms-data/public/{name}/LOAD00000001.csv.gz": gzip.compress(row) for name in tables}
    stored["dms-data/cdc/CDC_TXN-20241208100000000.csv.gz"] = gzip.compress(b"I,core_tenant,public,x,1\nU,a,b\n")
    found = _crawl(
        s3,
        stored,
        PathTarget(f"s3://{BUCKET}/dms-data/public/"),
        grouping=Grouping(level=4),
        classifiers=(CsvClassifier("dms", header="absent", serde="open"),),
    )
    assert sorted(found) == sorted(tables)
    assert found["core_tenant"].format.serde.endswith("OpenCSVSerde")


def test_delta_native_and_by_manifest(s3: S3Part) -> None:
    """A Delta target reads the log: removed files do not count; a manifest lists the live ones."""
    schema = {"type": "struct", "fields": [{"name": "id", "type": "long"}, {"name": "day", "type": "string"}]}
    actions = [
        {"metaData": {"schemaString": json.dumps(schema), "partitionColumns": ["day"]}},
        {"add": {"path": "day=1/a.parquet", "partitionValues": {"day": "1"}}},
        {"add": {"path": "day=1/b.parquet", "partitionValues": {"day": "1"}}},
        {"remove": {"path": "day=1/a.parquet"}},
    ]
    stored = {"dl/_delta_log/00000000000000000000.json": "\n".join(map(json.dumps, actions)).encode()}
    uri = f"s3://{BUCKET}/dl"
    (native,) = _crawl(s3, stored, DeltaTarget((uri,), native=True, write_manifest=False)).values()
    assert native.parameters["table_type"] == "delta"
    assert [column.type for column in native.columns] == ["bigint"]
    (linked,) = _crawl(s3, {}, DeltaTarget((uri,), native=False, write_manifest=True)).values()
    assert [partition.values for partition in linked.partitions] == [("1",)]
    manifest = Objects(s3).whole(BUCKET, "dl/_symlink_format_manifest/day=1/manifest").decode()
    assert manifest == f"s3://{BUCKET}/dl/day=1/b.parquet"
    with pytest.raises(TargetMissing, match="no Delta log"):
        _crawl(s3, {}, DeltaTarget((f"s3://{BUCKET}/none",), native=True, write_manifest=False))


@pytest.mark.parametrize(("kind", "names"), [("COPY_ON_WRITE", ["trips"]), ("MERGE_ON_READ", ["trips_ro", "trips_rt"])])
def test_hudi(s3: S3Part, kind: str, names: list[str]) -> None:
    """A Hudi target finds tables by their properties; merge-on-read gives two."""
    properties = f"hoodie.table.name=trips\nhoodie.table.type={kind}\nhoodie.table.version=6\n"
    stored = {
        "hd/trips/.hoodie/hoodie.properties": properties.encode(),
        "hd/trips/f-0_0-1-1_20240101000000000.parquet": _parquet({"_hoodie_commit_time": "1", "id": 1}),
        "hd/trips/f-0_0-1-1_20240102000000000.parquet": _parquet({"_hoodie_commit_time": "1", "id": 1, "more": "x"}),
    }
    found = _crawl(s3, stored, HudiTarget((f"s3://{BUCKET}/hd/",)))
    assert sorted(found) == names
    table = found[names[0]]
    assert [column.name for column in table.columns] == ["_hoodie_commit_time", "id", "more"]
    assert table.format.input_format.endswith("HoodieParquetInputFormat")


def test_stop_between_targets(s3: S3Part) -> None:
    """A crawl that is asked to stop raises before its next target."""
    with pytest.raises(run.Stopped):
        _crawl(s3, {}, PathTarget(f"s3://{BUCKET}/x/"), stopping=lambda: True)
