"""The lake's objects without a person: bronze with successor manifests, silver's plain files, and the note of it all."""

import gzip
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from customers import CONTRACT, MANIFEST, PERSON
from memory import MemoryStorage

from lakehouse_local.capture import manifest
from lakehouse_local.capture.manifest import FileEntry, Manifest
from lakehouse_local.erase.bronze import BronzeFiles
from lakehouse_local.erase.person import Trail
from lakehouse_local.erase.silver import SilverFiles
from lakehouse_local.errors import BronzeFileAltered, ErasureUnfinished
from lakehouse_local.lake import erasures
from lakehouse_local.lake.erasures import Erasure, Receipt, Wanted

BUCKET = "bronze"


class Cut(Exception):
    """The process ends here."""


class CutStorage(MemoryStorage):
    """Ends at the write of a key that contains a text."""

    at = ""

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Store, or end."""
        if self.at and self.at in key:
            raise Cut
        super().put(bucket, key, body)


def _row(number: int, key: int, email: str) -> str:
    cells = [str(key), "3", email, "Ann", "Lee", "", "US", "", "true", "x", "y"]
    return f"U,core_customer,public,2025-01-01 00:00:00.000000,{','.join(cells)},1,,0000000000000001.{number:08X}\n"


def _stored(storage: MemoryStorage) -> tuple[Manifest, Manifest]:
    """Two manifests with a file each; only in the second is somebody with the person's key."""
    entries = []
    for at, rows in enumerate(
        ([_row(1, 8, "bob@b.example")], [_row(2, 7, "ann@a.example"), _row(3, 8, "bob@b.example")])
    ):
        body = gzip.compress("".join(rows).encode(), mtime=0)
        key = f"cdc/{at}.csv.gz"
        storage.put(BUCKET, key, body)
        entries.append(FileEntry(key, len(body), hashlib.sha256(body).hexdigest(), len(rows), None, "", ""))
    load = replace(MANIFEST, files=(entries[0],))
    changes = replace(load, sequence=1, start_lsn=1, end_lsn=2, files=(entries[1],))
    for each in (load, changes):
        storage.put_if_absent(BUCKET, each.key, each.to_json())
    return load, changes


def _files(storage: MemoryStorage) -> BronzeFiles:
    return BronzeFiles.of(storage, BUCKET, CONTRACT)


def _trail(files: BronzeFiles) -> Trail:
    return Trail.of(PERSON.customer, files.versions())


def test_a_changed_file_gets_a_successor_manifest() -> None:
    """The file with the person is written anew, the other is not; chain and checkpoint go through the last revision."""
    storage = MemoryStorage()
    load, changes = _stored(storage)
    untouched = storage.get(BUCKET, "cdc/0.csv.gz")
    files = _files(storage)
    done = files.erase(PERSON, _trail(files))
    assert done.rows == 1
    assert list(done.files) == ["cdc/1.csv.gz"]
    assert done.manifests == ("_lakehouse/manifests/0001/000000000001.r0001.json",)
    assert storage.get(BUCKET, "cdc/0.csv.gz") == untouched
    text = gzip.decompress(storage.get(BUCKET, "cdc/1.csv.gz")).decode()
    assert text == _row(2, 7, "erased-7").replace("Ann,Lee", "erased-7,erased-7") + _row(3, 8, "bob@b.example")
    chain = manifest.read_chain(storage, BUCKET)
    assert chain[0] == load
    assert chain[1] == manifest.newest(storage, BUCKET)
    assert (chain[1].revision, chain[1].files[0].sha256) == (1, done.files["cdc/1.csv.gz"][1])
    assert manifest.read_chain(storage, BUCKET, after=(1, 0)) == [chain[1]]
    assert manifest.read_chain(storage, BUCKET, after=(1, 1)) == []
    assert manifest.from_json(storage.get(BUCKET, changes.key)) == changes


def test_erasing_twice_changes_nothing() -> None:
    """The second time finds the same rows and nothing to write."""
    storage = MemoryStorage()
    _stored(storage)
    files = _files(storage)
    files.erase(PERSON, _trail(files))
    before = {key: storage.get(BUCKET, key) for key in storage.keys(BUCKET, "")}
    again = _files(storage)
    done = again.erase(PERSON, _trail(again))
    assert (done.rows, done.files, done.manifests) == (1, {}, ())
    assert {key: storage.get(BUCKET, key) for key in storage.keys(BUCKET, "")} == before


def test_what_was_cut_off_is_completed() -> None:
    """The successor is there, the file that it lists is not yet: the next time writes it."""
    storage = CutStorage()
    _stored(storage)
    files = _files(storage)
    storage.at = "cdc/1"
    with pytest.raises(Cut):
        files.erase(PERSON, _trail(files))
    storage.at = ""
    again = _files(storage)
    done = again.erase(PERSON, _trail(again))
    assert done.manifests == ()
    (entry,) = manifest.read_chain(storage, BUCKET)[1].files
    assert hashlib.sha256(storage.get(BUCKET, entry.key)).hexdigest() == entry.sha256 == done.files[entry.key][1]


def test_a_file_that_somebody_altered_is_not_written_over() -> None:
    """Its hash is neither the one listed nor the one that would be."""
    storage = MemoryStorage()
    _stored(storage)
    storage.put(BUCKET, "cdc/1.csv.gz", gzip.compress(_row(2, 7, "x@y.example").encode()))
    files = _files(storage)
    with pytest.raises(BronzeFileAltered, match=r"cdc/1\.csv\.gz is not what its manifest lists"):
        files.erase(PERSON, _trail(files))


LOG = pa.schema(
    [("id", pa.int64()), ("email", pa.string()), ("first_name", pa.string()), ("last_name", pa.string()), ("phone", pa.string()),
     ("at", pa.timestamp("us", "UTC")), ("_unsent", pa.list_(pa.field("element", pa.string()))), ("_position", pa.string())],
    metadata={b"org.apache.spark.version": b"3.5.6"},
)  # fmt: skip


def _put(storage: MemoryStorage, key: str, table: pa.Table) -> None:
    target = BytesIO()
    pq.write_table(table, target)
    storage.put("silver", key, target.getvalue())


def test_the_log_keeps_all_but_the_person() -> None:
    """Rows of the key, while it was theirs; nothing and the empty text stay; schema and metadata are the file's own."""
    storage = MemoryStorage()
    at = datetime(1, 1, 1, tzinfo=UTC)
    rows = [
        {"id": 7, "email": "a@a.example", "first_name": "Ann", "last_name": None, "phone": "", "at": at, "_unsent": ["x"], "_position": "2"},
        {"id": 7, "email": None, "first_name": None, "last_name": None, "phone": None, "at": None, "_unsent": [], "_position": "3"},
        {"id": 8, "email": "b@b.example", "first_name": "Bob", "last_name": "B", "phone": "1", "at": at, "_unsent": None, "_position": "4"},
    ]  # fmt: skip
    _put(storage, "customer_version/run=1/a.parquet", pa.Table.from_pylist(rows, LOG))
    _put(storage, "customer_version/run=2/b.parquet", pa.Table.from_pylist(rows[2:], LOG))
    other = storage.get("silver", "customer_version/run=2/b.parquet")
    found = SilverFiles(storage, "silver", "customer_version/").erase_log(CONTRACT, PERSON, Trail.of(7, ()))
    assert found == 2
    after = pq.read_table(BytesIO(storage.get("silver", "customer_version/run=1/a.parquet")))
    assert after.schema.equals(LOG, check_metadata=True)
    assert after.to_pylist() == [rows[0] | {"email": "erased-7", "first_name": "erased-7"}, *rows[1:]]
    assert storage.get("silver", "customer_version/run=2/b.parquet") == other


def test_quarantined_rows_are_known_by_key_or_by_a_word() -> None:
    """A row whose key could not be read is theirs if it has a word that only they have; what is quoted in the reason goes, too."""
    storage = MemoryStorage()
    event = json.dumps([json.dumps({"email": 'ann "a" lee@a.example'})])
    rows = [
        {"key": 7, "_position": "1", "raw": '["7","Ann","x"]', "reason": "created_at: 'infinity' is no timestamptz"},
        {"key": None, "_position": None, "raw": event, "reason": "id: 'Ann' is no bigint"},
        {"key": None, "_position": None, "raw": '["Ann"]', "reason": "somebody else of the name"},
    ]
    _put(storage, "quarantine/entity=customer/run=1/a.parquet", pa.Table.from_pylist(rows))
    files = SilverFiles(storage, "silver", "quarantine/entity=customer/")
    email = 'ann "a" lee@a.example'
    assert files.erase_quarantine(PERSON, Trail.of(7, ()), ["Ann", email, "x"], [email]) == 2
    after = pq.read_table(BytesIO(storage.get("silver", "quarantine/entity=customer/run=1/a.parquet"))).to_pylist()
    assert after[0] == rows[0] | {"raw": '["7","erased-7","x"]'}
    assert after[1] == rows[1] | {
        "raw": json.dumps([json.dumps({"email": "erased-7"})]),
        "reason": "id: 'erased-7' is no bigint",
    }
    assert after[2] == rows[2]


RECEIPT = Receipt(
    finished=datetime(2026, 1, 31, tzinfo=UTC),
    run=4,
    keys=("7",),
    bronze_rows=1,
    files={"a": ("b", "c")},
    manifests=("m",),
    log_rows=2,
    quarantined=0,
    tables=("silver.customer",),
    words={"email": 1},
    shared={"name": 1},
    objects=5,
    bytes=6,
    found=(),
    unreadable=(),
    not_searched=("backups",),
)


def test_an_erasure_is_noted_until_it_has_its_receipt() -> None:
    """While it has none nothing else may write; then the words are gone from the note, and the next one has the next number."""
    storage = MemoryStorage()
    erasures.require_finished(storage, "silver")
    wanted = Wanted({"email": ("ann@a.example",)}, ("Ann", "ann@a.example"), {"name": 1})
    begun = erasures.begin(storage, "silver", Erasure(0, 3, 7, 1, wanted))
    assert begun.number == 1
    assert erasures.unfinished(storage, "silver") == begun
    with pytest.raises(ErasureUnfinished, match="customer 7 of tenant 3") as told:
        erasures.require_finished(storage, "silver")
    assert told.value.hint.startswith("lakehouse erase --tenant 3 --customer 7")
    done = erasures.finish(storage, "silver", begun, RECEIPT)
    erasures.require_finished(storage, "silver")
    assert erasures.newest(storage, "silver") == done == replace(begun, wanted=None, receipt=RECEIPT)
    assert b"ann@a.example" not in storage.get("silver", done.key)
    assert erasures.unclean(storage, "silver", 3, 7) is None
    assert erasures.begin(storage, "silver", replace(begun, number=0)).number == 2


def test_words_are_kept_while_one_of_them_is_left() -> None:
    """Whoever erases the person again goes on with the same note, and wants the same words and new ones."""
    storage = MemoryStorage()
    wanted = Wanted({"email": ("a@a.example",)}, ("a@a.example",), {"name": 1})
    begun = erasures.begin(storage, "silver", Erasure(0, 3, 7, 1, wanted))
    left = erasures.finish(storage, "silver", begun, replace(RECEIPT, found=("s3://athena/x: email",)))
    erasures.require_finished(storage, "silver")
    erasures.finish(storage, "silver", erasures.begin(storage, "silver", Erasure(0, 3, 8, 1, wanted)), RECEIPT)
    assert erasures.unclean(storage, "silver", 3, 7) == left
    assert erasures.unclean(storage, "silver", 3, 8) is None
    both = wanted | Wanted({"email": ("b@a.example",), "phone": ("+1",)}, ("+1",), {"email": 2})
    assert both == Wanted(
        {"email": ("a@a.example", "b@a.example"), "phone": ("+1",)}, ("+1", "a@a.example"), {"name": 1, "email": 2}
    )
    again = erasures.begin(storage, "silver", replace(left, wanted=both))
    assert (again.number, erasures.unfinished(storage, "silver")) == (1, again)
    assert erasures.finish(storage, "silver", again, RECEIPT).wanted is None


def test_a_receipt_is_clean_if_all_was_searched_and_nothing_found() -> None:
    """Either alone is not."""
    assert RECEIPT.is_clean
    assert not replace(RECEIPT, found=("x: email",)).is_clean
    assert not replace(RECEIPT, unreadable=("x: zip",)).is_clean
