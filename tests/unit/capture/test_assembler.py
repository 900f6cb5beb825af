"""What the assembler makes of messages that no server can be made to send at will."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from test_manifest import LOAD

from lakehouse_local.capture.changes import Assembler
from lakehouse_local.capture.dms import POC_WIRE
from lakehouse_local.capture.errors import WireBroken
from lakehouse_local.capture.pgoutput import Begin, Commit, Insert, Relation, RelationColumn
from lakehouse_local.capture.wire import Shape

AT = datetime(2025, 7, 1, tzinfo=UTC)
RELATION = Relation(16384, "public", "item", "d", (RelationColumn("id", 20, -1, is_key=True),))
SHAPE = Shape("public", "item", ("id",), ("bigint",), ("id",))


def assembler(end_lsn: int) -> Assembler:
    """One that goes on after a manifest which ends there."""
    after = replace(LOAD, end_lsn=end_lsn, change_counter=41)
    made = Assembler(POC_WIRE, after, lambda _: SHAPE)
    made.take(RELATION, 0)
    return made


def transaction(made: Assembler, commit_lsn: int) -> int | None:
    """The rows that come out of a transaction with one insert; None where it does not count."""
    assert made.take(Begin(commit_lsn, AT, 700), commit_lsn - 100) is None
    assert made.take(Insert(16384, (b"1",)), commit_lsn - 50) is None
    complete = made.take(Commit(commit_lsn, commit_lsn + 40, AT), commit_lsn)
    return None if complete is None else complete.rows


def test_what_a_manifest_holds_is_not_taken_again() -> None:
    """A server that lost its slot's last state in a crash sends stored transactions once more: by their LSN they are known."""
    made = assembler(end_lsn=1001)
    assert [transaction(made, lsn) for lsn in (900, 1000, 1008)] == [None, None, 1]
    assert made.counter == 42


def test_messages_out_of_place_are_refused() -> None:
    """A change outside a transaction, or a transaction inside another, is a broken stream and never a guess."""
    with pytest.raises(WireBroken, match="outside a transaction"):
        assembler(0).take(Insert(16384, (b"1",)), 10)
    begun = assembler(0)
    begun.take(Begin(100, AT, 700), 0)
    with pytest.raises(WireBroken, match="inside another"):
        begun.take(Begin(200, AT, 701), 100)
    with pytest.raises(WireBroken, match="ends as C8"):
        begun.take(Commit(200, 240, AT), 200)
