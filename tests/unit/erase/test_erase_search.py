"""A search that finds what is there, however it is packed, and says what it could not open."""

import bz2
import gzip
import json
from functools import partial
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from memory import MemoryStorage

from lakehouse_local.erase.search import search

WORD = 'ann "the" lee@canary.example'


def _parquet(texts: pa.Array) -> bytes:
    target = BytesIO()
    pq.write_table(pa.table({"n": pa.array(range(len(texts))), "t": texts}), target, compression="zstd")
    return target.getvalue()


PLACES = {
    "plain": WORD.encode(),
    "lower": WORD.lower().encode(),
    "csv": gzip.compress(('"' + WORD.replace('"', '""') + '"\n').encode()),
    "json": json.dumps({"a": WORD}).encode(),
    "json in json": json.dumps([json.dumps({"a": WORD})]).encode(),
    "text": _parquet(pa.array(["x", WORD, None])),
    "dictionary": _parquet(pa.array(["x", WORD, WORD]).dictionary_encode()),
    "list": _parquet(pa.array([["x"], [], [WORD]])),
    "struct": _parquet(pa.array([{"a": "x"}, {"a": WORD}])),
    "map": _parquet(pa.array([[("x", WORD)], []], pa.map_(pa.string(), pa.string()))),
    "binary": _parquet(pa.array([b"x", WORD.encode()])),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_word_is_found(name: str) -> None:
    """In every packing that the lake has."""
    found = search([(name, lambda: PLACES[name])], {"email": [WORD.replace("ann", "Ann"), WORD]})
    assert found.found == (f"{name}: email",)
    assert found.unreadable == ()


def test_another_word_is_not() -> None:
    """None of the places holds it; all of them were looked at."""
    places = [(name, lambda body=body: body) for name, body in PLACES.items()]
    found = search(places, {"email": ["bob@canary.example"]})
    assert (found.found, found.unreadable, found.objects) == ((), (), len(PLACES))
    assert found.bytes > sum(map(len, PLACES.values()))


@pytest.mark.parametrize("body", [bz2.compress(WORD.encode()), gzip.compress(WORD.encode())[:-9], b"PAR1 cut PAR1"])
def test_what_cannot_be_opened_is_told(body: bytes) -> None:
    """It is not taken for a place without the word."""
    found = search([("closed", lambda: body)], {"email": [WORD]})
    assert found.found == ()
    assert [each.split(":")[0] for each in found.unreadable] == ["closed"]


def test_what_is_gone_since_it_was_listed_is_no_finding(tmp_path: Path) -> None:
    """A log that was turned, a lease that was followed."""
    found = search(
        [("file", (tmp_path / "gone").read_bytes), ("object", partial(MemoryStorage().get, "b", "k"))],
        {"email": [WORD]},
    )
    assert (found.found, found.unreadable) == ((), ())
