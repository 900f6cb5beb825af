"""Manifests: strict to read, unbroken in a row."""

import json
from dataclasses import replace

import pytest
from manifests import EMPTY

from lakehouse_local.capture.errors import ManifestBroken, ManifestGap
from lakehouse_local.capture.manifest import FileEntry, TableEntry, from_json, verify_chain

LOAD = replace(
    EMPTY,
    sequence=0,
    kind="load",
    start_lsn=100,
    end_lsn=100,
    consistent_point=100,
    files=(FileEntry("k", 1, "s", 1, "public.item", "p", "p"),),
    tables={"public.item": TableEntry(("id",), ("bigint",), ("id",), load_rows=1)},
)
NEXT = replace(LOAD, kind="changes", sequence=1, end_lsn=150)


def test_round_trip() -> None:
    """What is written is read."""
    assert from_json(LOAD.to_json()) == LOAD


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"epoch": "1"},
        {"epoch": True},
        {"extra": 1},
        {"files": [{"key": "k"}]},
        {"files": 3},
        {"tables": []},
        {"kind": "other"},
        {"end_lsn": 1},
    ],
)
def test_what_this_release_does_not_write_is_refused(change: dict[str, object]) -> None:
    """A field too many, too few, of another type or version is a named error."""
    with pytest.raises(ManifestBroken):
        from_json(json.dumps(json.loads(LOAD.to_json()) | change).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff"])
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    """Bytes that are no manifest are a named error."""
    with pytest.raises(ManifestBroken):
        from_json(data)


def test_a_chain_goes_on_where_it_ended() -> None:
    """Sequence numbers and LSNs join; a new epoch starts with its load."""
    verify_chain([LOAD, NEXT, replace(NEXT, sequence=2, start_lsn=150, end_lsn=160), replace(LOAD, epoch=2)])
    for broken in (
        [LOAD, replace(NEXT, sequence=2)],
        [LOAD, replace(NEXT, start_lsn=101)],
        [LOAD, replace(NEXT, epoch=2)],
    ):
        with pytest.raises(ManifestGap):
            verify_chain(broken)
