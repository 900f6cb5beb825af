"""Looking for a person's words in every byte: unpacked where it is gzip, decoded where it is Parquet."""

import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lakehouse_core.errors import ObjectMissing
from lakehouse_core.ports import Storage
from lakehouse_local.erase.silver import spellings

SIDE_BY_SIDE = 4
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_PACKED = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"PK\x03\x04": "zip",
    b"\xfd7zXZ\x00": "xz",
    b"ORC": "ORC",
    b"\x04\x22\x4d\x18": "lz4",
}


@dataclass(frozen=True)
class Searched:
    """What was looked through, where a word was found (``place: column``), and what could not be read."""

    objects: int
    bytes: int
    found: tuple[str, ...]
    unreadable: tuple[str, ...]


Place = tuple[str, Callable[[], bytes]]
"""What it is called, and what reads its bytes."""


def search(places: Iterable[Place], words: Mapping[str, Iterable[str]]) -> Searched:
    """Look through places for words by the column that they are of.

    A word is found as it is, in lower case, and as JSON spells it.
    """
    wanted = {
        column: sorted({s.encode() for word in each for form in (word, word.lower()) for s in spellings(form)})
        for column, each in words.items()
    }

    def look(place: Place) -> tuple[int, list[str], list[str]]:
        name, read = place
        try:
            parts = list(_parts(read()))
        except (FileNotFoundError, ObjectMissing):  # gone since it was listed
            return 0, [], []
        except (OSError, EOFError, pa.ArrowException, _Packed) as problem:
            return 0, [], [f"{name}: {problem}"]
        found = [
            f"{name}: {column}"
            for column, spelled in wanted.items()
            if any(each in part for part in parts for each in spelled)
        ]
        return sum(map(len, parts)), found, []

    objects, size, found, unreadable = 0, 0, list[str](), list[str]()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for read, hits, closed in pool.map(look, places):
            objects, size = objects + 1, size + read
            found += hits
            unreadable += closed
    return Searched(objects, size, tuple(found), tuple(unreadable))


def objects(storage: Storage, buckets: Iterable[str]) -> Iterator[Place]:
    """Every object of the buckets."""
    for bucket in buckets:
        with suppress(ObjectMissing):  # a bucket that nobody has made
            for key in storage.keys(bucket, ""):
                yield f"s3://{bucket}/{key}", partial(storage.get, bucket, key)


def files(folder: Path, but: Iterable[Path]) -> Iterator[Place]:
    """Every file below a folder, but for those below others."""
    left_out = tuple(but)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and not any(path.is_relative_to(each) for each in left_out):
            yield str(path), path.read_bytes


class _Packed(Exception):
    """Bytes whose packing is not one that is searched."""


def _parts(body: bytes) -> Iterator[bytes]:
    """The bytes as they are, and unpacked."""
    yield body
    if body.startswith(_GZIP):
        yield gzip.decompress(body)
    elif body.startswith(_PARQUET):
        for batch in pq.ParquetFile(BytesIO(body)).iter_batches():
            for column in batch.columns:
                yield from _texts(column)
    elif packing := next((name for magic, name in _PACKED.items() if body.startswith(magic)), None):
        raise _Packed(f"{packing} is not unpacked here")


def _texts(column: pa.Array) -> Iterator[bytes]:
    """The bytes of a column's texts, one after another, however deep they lie."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind) or pa.types.is_large_string(kind):
        texts = column.drop_null().cast(pa.binary())
        whole = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts)
        yield pc.binary_join(whole, b"\0")[0].as_py()
    elif pa.types.is_dictionary(kind):
        yield from _texts(column.dictionary)
    elif pa.types.is_struct(kind):
        for at in range(kind.num_fields):
            yield from _texts(column.field(at))
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _texts(column.flatten())
    elif pa.types.is_map(kind):
        yield from _texts(column.keys)
        yield from _texts(column.items)
