"""The decoder of PostgreSQL's replication messages, on bytes."""

import struct
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_local.capture.errors import WireBroken
from lakehouse_local.capture.pgoutput import (
    UNCHANGED,
    Begin,
    Commit,
    Delete,
    Ignored,
    Insert,
    Message,
    Relation,
    RelationColumn,
    Truncate,
    Update,
    decode,
)


def text(value: bytes) -> bytes:
    """A text value as the wire has it."""
    return b"t" + struct.pack(">I", len(value)) + value


def row(*values: bytes) -> bytes:
    """A row of values."""
    return struct.pack(">H", len(values)) + b"".join(values)


KEY = row(text(b"1"), b"n")
NEW = row(text(b"2"), b"u")
RELATION = (
    b"R" + struct.pack(">I", 7) + b"public\0item\0d" + struct.pack(">H", 2)
    + b"\x01id\0" + struct.pack(">Ii", 20, -1) + b"\x00note\0" + struct.pack(">Ii", 1043, 68)
)  # fmt: skip
EXAMPLES = {
    b"B" + struct.pack(">QqI", 0x1A2B3C4, 1_000_001, 42): Begin(
        0x1A2B3C4, datetime(2000, 1, 1, 0, 0, 1, 1, tzinfo=UTC), 42
    ),
    b"C" + struct.pack(">BQQq", 0, 5, 9, 0): Commit(5, 9, datetime(2000, 1, 1, tzinfo=UTC)),
    RELATION: Relation(
        7,
        "public",
        "item",
        "d",
        (RelationColumn("id", 20, -1, is_key=True), RelationColumn("note", 1043, 68, is_key=False)),
    ),
    b"I" + struct.pack(">I", 7) + b"N" + KEY: Insert(7, (b"1", None)),
    b"U" + struct.pack(">I", 7) + b"N" + NEW: Update(7, "", None, (b"2", UNCHANGED)),
    b"U" + struct.pack(">I", 7) + b"K" + KEY + b"N" + NEW: Update(7, "K", (b"1", None), (b"2", UNCHANGED)),
    b"D" + struct.pack(">I", 7) + b"O" + KEY: Delete(7, "O", (b"1", None)),
    b"T" + struct.pack(">IBII", 2, 1, 7, 8): Truncate((7, 8)),
    b"M" + struct.pack(">BQ", 1, 3) + b"lakehouse.clock\0" + struct.pack(">I", 2) + b"hi": Message(
        transactional=True, lsn=3, prefix="lakehouse.clock", content=b"hi"
    ),
    b"O" + struct.pack(">Q", 3) + b"origin\0": Ignored("origin"),
    b"Y" + struct.pack(">I", 3) + b"public\0mood\0": Ignored("type"),
}


@pytest.mark.parametrize(("data", "message"), EXAMPLES.items(), ids=[chr(data[0]) for data in EXAMPLES])
def test_each_kind_of_message(data: bytes, message: object) -> None:
    """Bytes of the manual's layout become the message; cut or lengthened they are refused."""
    assert decode(data) == message
    for end in range(len(data)):
        with pytest.raises(WireBroken):
            decode(data[:end])
    with pytest.raises(WireBroken):
        decode(data + b"x")


@pytest.mark.parametrize("kind", [b"S", b"A", b"b", b"x", b"\xff"])
def test_unknown_kinds_are_refused(kind: bytes) -> None:
    """Messages of later protocol versions are errors, not skipped."""
    with pytest.raises(WireBroken, match="unknown kind"):
        decode(kind + b"\0" * 20)


def test_binary_values_are_refused() -> None:
    """A value in binary form was never asked for."""
    with pytest.raises(WireBroken):
        decode(b"I" + struct.pack(">I", 7) + b"N" + row(b"b" + struct.pack(">I", 1) + b"x"))


@given(st.binary(max_size=200))
def test_garbage_is_a_named_error(data: bytes) -> None:
    """Whatever arrives is a message or a WireBroken."""
    with suppress(WireBroken):
        decode(data)
