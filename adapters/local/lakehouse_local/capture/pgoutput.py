"""PostgreSQL's logical replication messages, protocol version 1: bytes in, frozen values out.

Source of the format: PostgreSQL manual, "Logical Replication Message Formats". Strict: a byte too few, a byte too
many or an unknown kind is :class:`WireBroken`, because a message that is half understood is a change that is lost.
"""

import struct
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final, NamedTuple

from lakehouse_local.capture.errors import WireBroken

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_U16 = struct.Struct(">H")
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")


class Unchanged(Enum):
    """The mark of a TOASTed value that an update left as it was and PostgreSQL therefore did not send."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED
Value = bytes | None | Unchanged
Row = tuple[Value, ...]


class Begin(NamedTuple):
    """A transaction follows, whole; ``commit_lsn`` is where its commit record starts."""

    commit_lsn: int
    commit_time: datetime
    xid: int


class Commit(NamedTuple):
    """The transaction is complete; ``end_lsn`` is the byte after its commit record."""

    commit_lsn: int
    end_lsn: int
    commit_time: datetime


class RelationColumn(NamedTuple):
    """A published column; ``is_key`` if it is part of the replica identity."""

    name: str
    type_oid: int
    type_modifier: int
    is_key: bool


class Relation(NamedTuple):
    """A table's shape, sent before its first change and again after it changed; ``identity`` is d, n, f or i."""

    oid: int
    schema: str
    table: str
    identity: str
    columns: tuple[RelationColumn, ...]


class Insert(NamedTuple):
    """A new row."""

    oid: int
    new: Row


class Update(NamedTuple):
    """A changed row; ``old`` is the old key (kind K, only if the key changed) or the old row (kind O), else None."""

    oid: int
    kind: str
    old: Row | None
    new: Row


class Delete(NamedTuple):
    """A deleted row: its key (kind K) or all of it (kind O)."""

    oid: int
    kind: str
    old: Row


class Truncate(NamedTuple):
    """Tables emptied by one statement."""

    oids: tuple[int, ...]


class Message(NamedTuple):
    """What ``pg_logical_emit_message`` said."""

    transactional: bool
    lsn: int
    prefix: str
    content: bytes


class Ignored(NamedTuple):
    """A message that carries no change: an origin's or a type's name."""

    kind: str


Decoded = Begin | Commit | Relation | Insert | Update | Delete | Truncate | Message | Ignored


def decode(data: bytes) -> Decoded:
    """One message of pgoutput (proto_version 1, messages on).

    Raises:
        WireBroken: the bytes are not exactly one known message.
    """
    if not data:
        raise WireBroken("PostgreSQL sent an empty replication message")
    kind = chr(data[0])
    reader = _READERS.get(kind)
    if reader is None:
        raise WireBroken(
            f"PostgreSQL sent a replication message of unknown kind {kind!r}; known are {', '.join(_READERS)}",
            hint="report the server's version; the decoder speaks pgoutput protocol version 1",
        )
    try:
        message, at = reader(data)
    except (struct.error, IndexError, ValueError, OverflowError) as problem:
        raise WireBroken(f"a replication message of kind {kind!r} cannot be read: {problem}") from problem
    if at != len(data):
        raise WireBroken(f"a replication message of kind {kind!r} has {len(data)} bytes where {at} were expected")
    return message


def _time(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = data.index(b"\0", at)
    return data[at:end].decode(), end + 1


def _row(data: bytes, at: int) -> tuple[Row, int]:
    (count,) = _U16.unpack_from(data, at)
    at += 2
    values: list[Value] = []
    unpack, add = _U32.unpack_from, values.append  # looked up once: this is where a capture spends its time
    for _ in range(count):
        kind = data[at]
        at += 1
        if kind == 0x74:  # t: text
            (length,) = unpack(data, at)
            at += 4
            end = at + length
            add(data[at:end])
            at = end
        elif kind == 0x6E:  # n: NULL
            add(None)
        elif kind == 0x75:  # u: unchanged TOAST
            add(UNCHANGED)
        else:
            raise ValueError(f"a value of unknown kind {chr(kind)!r}")
    if at > len(data):
        raise IndexError("a value is cut")
    return tuple(values), at


def _begin(data: bytes) -> tuple[Decoded, int]:
    commit_lsn, time, xid = struct.unpack_from(">QqI", data, 1)
    return Begin(commit_lsn, _time(time), xid), 21


def _commit(data: bytes) -> tuple[Decoded, int]:
    _, commit_lsn, end_lsn, time = struct.unpack_from(">BQQq", data, 1)
    return Commit(commit_lsn, end_lsn, _time(time)), 26


def _relation(data: bytes) -> tuple[Decoded, int]:
    (oid,) = _U32.unpack_from(data, 1)
    schema, at = _text(data, 5)
    table, at = _text(data, at)
    identity = chr(data[at])
    (count,) = _U16.unpack_from(data, at + 1)
    at += 3
    columns = []
    for _ in range(count):
        flags = data[at]
        name, at = _text(data, at + 1)
        type_oid, modifier = struct.unpack_from(">Ii", data, at)
        at += 8
        columns.append(RelationColumn(name, type_oid, modifier, bool(flags & 1)))
    return Relation(oid, schema, table, identity, tuple(columns)), at


def _insert(data: bytes) -> tuple[Decoded, int]:
    (oid,) = _U32.unpack_from(data, 1)
    _expect(data, 5, "N")
    new, at = _row(data, 6)
    return Insert(oid, new), at


def _update(data: bytes) -> tuple[Decoded, int]:
    (oid,) = _U32.unpack_from(data, 1)
    kind, old, at = chr(data[5]), None, 5
    if kind in "KO":
        old, at = _row(data, 6)
    else:
        kind = ""
    _expect(data, at, "N")
    new, at = _row(data, at + 1)
    return Update(oid, kind, old, new), at


def _delete(data: bytes) -> tuple[Decoded, int]:
    (oid,) = _U32.unpack_from(data, 1)
    kind = _expect(data, 5, "KO")
    old, at = _row(data, 6)
    return Delete(oid, kind, old), at


def _truncate(data: bytes) -> tuple[Decoded, int]:
    (count,) = _U32.unpack_from(data, 1)
    return Truncate(struct.unpack_from(f">{count}I", data, 6)), 6 + 4 * count


def _message(data: bytes) -> tuple[Decoded, int]:
    (lsn,) = _U64.unpack_from(data, 2)
    prefix, at = _text(data, 10)
    (length,) = _U32.unpack_from(data, at)
    at += 4
    if at + length > len(data):
        raise IndexError("the content is cut")
    return Message(bool(data[1] & 1), lsn, prefix, data[at : at + length]), at + length


def _origin(data: bytes) -> tuple[Decoded, int]:
    _, at = _text(data, 9)
    return Ignored("origin"), at


def _type(data: bytes) -> tuple[Decoded, int]:
    _, at = _text(data, 5)
    _, at = _text(data, at)
    return Ignored("type"), at


def _expect(data: bytes, at: int, kinds: str) -> str:
    kind = chr(data[at])
    if kind not in kinds:
        raise ValueError(f"{kind!r} stands where one of {kinds!r} was expected")
    return kind


_READERS = {
    "B": _begin,
    "C": _commit,
    "R": _relation,
    "I": _insert,
    "U": _update,
    "D": _delete,
    "T": _truncate,
    "M": _message,
    "O": _origin,
    "Y": _type,
}
