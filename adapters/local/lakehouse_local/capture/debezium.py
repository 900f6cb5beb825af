r"""The Debezium wire: change events of Debezium's PostgreSQL connector as a Kafka-to-S3 sink writes them.

One JSON object a line, gzip, a topic for each table (definition and sources: ADR 0008)::

    {"key":{"id":7},
     "headers":[{"key":"lakehouse.position","value":"0000000001A2B3C4.00000000"}, ...],
     "value":{"before":null,"after":{"id":7,"name":"a"},"source":{...},"transaction":{...},"op":"c","ts_ms":...}}

``value`` is the envelope under Debezium's names, without schemas (``value.converter.schemas.enable=false``); types are
those of :mod:`lakehouse_local.capture.json_text`. A deleted row is a ``d`` event and a tombstone (``"value":null``); an
update that changed the key is ``d``, tombstone and ``c``, tied by the headers ``__debezium.newkey`` and
``__debezium.oldkey``; a truncate is a ``t`` event without key. Loaded rows are ``r`` events.

What Debezium's fields do not say stands in headers of our own: :data:`POSITION` (where the commit record starts, and
the number in its transaction; both halves of a key change have that of the first), :data:`NUMBER` (the change's number
in the epoch) and :data:`TIME` (the business time). ``source.ts_*`` is the commit time, as in Debezium.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from psycopg2.sql import SQL, Composed

from lakehouse_local.capture import names
from lakehouse_local.capture.json_text import UNAVAILABLE, json_sql, quoted, renderer
from lakehouse_local.capture.pgoutput import UNCHANGED, Begin, Value
from lakehouse_local.capture.rows import TIME as OPEN_TIME
from lakehouse_local.capture.source import SourceTable
from lakehouse_local.capture.wire import Change, Part, Shape, Snapshot, from_part, quoted_name, raw_sql

POSITION = "lakehouse.position"
NUMBER = "lakehouse.change"
TIME = "lakehouse.time"
NEW_KEY = "__debezium.newkey"
OLD_KEY = "__debezium.oldkey"

_OPS = {"I": b"c", "U": b"u", "D": b"d", "T": b"t"}
_UNAVAILABLE = quoted(UNAVAILABLE.encode())
_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class DebeziumSettings:
    """A capture's settings: ``topic_prefix`` and ``database`` are Debezium's ``topic.prefix`` and ``source.db``.

    ``batch_seconds`` and ``batch_bytes`` (uncompressed) say when a file is stored, as a sink's flush settings do.
    ``load_bytes`` is how much of a table, in bytes of the table, goes into one file of a full load.
    """

    topic_prefix: str = "lakehouse"
    database: str = "saas"
    folder: str = "topics"
    batch_seconds: float = 1.0
    batch_bytes: int = 32_000_000
    load_bytes: int = 12_288 * 1024


@dataclass(frozen=True)
class DebeziumWire:
    """Debezium's events in the files of a sink."""

    settings: DebeziumSettings = DebeziumSettings()

    name = "debezium"
    layout = "topics"
    key_change_numbers = 2

    @property
    def batch_seconds(self) -> float:
        """How long changes may wait for their file."""
        return self.settings.batch_seconds

    @property
    def batch_bytes(self) -> int:
        """How large a file may become."""
        return self.settings.batch_bytes

    @property
    def load_bytes(self) -> int:
        """How much of a table goes into one file of a full load."""
        return self.settings.load_bytes

    def encoder(self, shape: Shape) -> "EventWriter":
        """The writer of a table's events."""
        return EventWriter(self.settings, shape)

    def group(self, shape: Shape) -> Shape:
        """Each table has its own topic."""
        return shape

    def stamped(self, rows: bytes, time: datetime) -> bytes:
        """Events with their business time."""
        return rows.replace(OPEN_TIME, names.timestamp(time).encode())

    def changes_key(self, table: tuple[str, str] | None, at: datetime) -> str:
        """``topics/<topic>/partition=0/<topic>+0+<offset>.json.gz``.

        There is no Kafka to count: the number in the offset's place is the file's time in milliseconds, which rises
        as offsets do and stands far above the numbers of a load.
        """
        if table is None:
            raise ValueError("a topic has one table")
        return self._key(*table, (at - _ZERO) // _MILLISECOND)

    def load_key(self, schema: str, table: str, number: int) -> str:
        """As for changes; the number in the offset's place counts the table's load files."""
        return self._key(schema, table, number)

    def load_number(self, key: str) -> int:
        """The number in a load file's key."""
        return int(key.rsplit("+", 1)[1].removesuffix(".json.gz"))

    def _key(self, schema: str, table: str, number: int) -> str:
        topic = ".".join((self.settings.topic_prefix, names.topic_part(schema), names.topic_part(table)))
        return f"{self.settings.folder}/{topic}/partition=0/{topic}+0+{number:010d}.json.gz"

    def copy_sql(self, part: Part, snapshot: Snapshot, tables: Sequence[SourceTable]) -> Composed:
        """An ``r`` event a row; ``source.lsn`` is the snapshot's consistent point.

        ``source.snapshot`` marks the first and last row of each table, and of all, as far as the tables' pages tell.
        """
        table, settings = part.table, self.settings
        known = Shape(table.schema, table.name, table.columns, table.types, table.key)
        fixed = _Fixed(settings, known)
        micros = (snapshot.clock - _ZERO) // _MICROSECOND
        stamps = _stamps(micros)
        source = fixed.source_start + stamps[0] + b',"snapshot":"'
        rest = (
            b'","db":' + fixed.database + b',"sequence":"[null,\\"%d\\"]",' % snapshot.consistent_point
            + stamps[1] + fixed.source_end + b'"txId":null,"lsn":%d,"xmin":null}' % snapshot.consistent_point
            + b',"transaction":null,"op":"r",' + b",".join(stamps) + b"}}"
        )  # fmt: skip
        headers = b',"headers":[%s],"value":{"before":null,"after":' % _header(TIME, names.timestamp(snapshot.clock))
        line = " || ".join(
            (
                _literal(b'{"key":'),
                _object_sql(table, table.key),
                _literal(headers),
                _object_sql(table, table.columns),
                _literal(b"," + source),
                _marker_sql(part, tables),
                _literal(rest),
            )
        )
        # JSON holds no control character, so that COPY finds nothing to quote and writes the line as it is.
        return SQL(r"COPY ({}) TO STDOUT WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')").format(
            from_part([raw_sql(line)], part)
        )


class _Fixed:
    """What is the same in all events of a table."""

    def __init__(self, settings: DebeziumSettings, shape: Shape) -> None:
        name = quoted(settings.topic_prefix.encode())
        self.source_start = b'"source":{"version":"lakehouse","connector":"postgresql","name":' + name + b","
        self.database = quoted(settings.database.encode())
        schema, table = quoted(shape.schema.encode()), quoted(shape.table.encode())
        self.source_end = b',"schema":' + schema + b',"table":' + table + b","


_Field = tuple[bytes, Callable[[bytes], bytes] | None]
"""A column's name as JSON has it, with its colon, and how its values become JSON (None: they are)."""


class _Event(NamedTuple):
    """What differs between the events of a change; ``later`` is 1 for the second one."""

    op: bytes
    key: bytes
    before: bytes = b"null"
    after: bytes = b"null"
    linked: bytes = b""
    later: int = 0


class _Shared(NamedTuple):
    """The parts of an event that are those of its transaction: what stands before each of these, and at the end."""

    sequence: bytes = b""
    lsn: bytes = b""
    transaction: bytes = b""
    end: bytes = b""


class EventWriter:
    """Writes the events of one table."""

    def __init__(self, settings: DebeziumSettings, shape: Shape) -> None:
        self._key_at = shape.key_at
        self._fields = tuple(
            (quoted(column.encode()) + b":", renderer(pg_type))
            for column, pg_type in zip(shape.columns, shape.types, strict=True)
        )
        self._key_fields = tuple(self._fields[at] for at in shape.key_at)
        self._fixed = _Fixed(settings, shape)
        self._begin: Begin | None = None
        self._shared = _Shared()

    def header(self) -> bytes:
        """Files of events begin with an event."""
        return b""

    def encode(self, change: Change) -> bytes:
        """The change's lines, with the place of the business time in them."""
        if change.begin is not self._begin:
            self._begin, self._shared = change.begin, self._opened(change.begin)
        if change.op == "T":
            return self._event(change, _Event(b"t", b"null"))
        key = _object([change.new[at] for at in self._key_at], self._key_fields)
        if change.op == "D":
            return self._event(change, _Event(b"d", key, before=self._row(change.new))) + _tombstone(key)
        row = self._row(change.new)
        if change.old_key is None:
            return self._event(change, _Event(_OPS[change.op], key, after=row))
        old = _object(change.old_key, self._key_fields)
        before: list[Value] = [None] * len(change.new)
        for at, value in zip(self._key_at, change.old_key, strict=True):
            before[at] = value
        leaving = _Event(b"d", old, before=self._row(before), linked=_linked(NEW_KEY, key))
        arriving = _Event(b"c", key, after=row, linked=_linked(OLD_KEY, old), later=1)
        return self._event(change, leaving) + _tombstone(old) + self._event(change, arriving)

    def _opened(self, begin: Begin) -> _Shared:
        """What the events of a transaction have in common."""
        fixed, xid = self._fixed, b"%d" % begin.xid
        milli, fine = _stamps((begin.commit_time - _ZERO) // _MICROSECOND)
        return _Shared(
            sequence=b"".join(
                (b",", fixed.source_start, milli, b',"snapshot":"false","db":', fixed.database, b',"sequence":')
            ),
            lsn=b"".join((b",", fine, fixed.source_end, b'"txId":', xid, b',"lsn":')),
            transaction=b',"xmin":null},"transaction":{"id":"' + xid,
            end=b'",' + milli + b"," + fine + b"}}\n",
        )

    def _event(self, change: Change, event: _Event) -> bytes:
        shared, lsn = self._shared, change.lsn
        place = names.stream_position(change.begin.commit_lsn, change.sequence)
        sequence = b'"[\\"%d\\",\\"%d\\"]"' % (change.last_commit, lsn)
        if not change.last_commit:
            sequence = b'"[null,\\"%d\\"]"' % lsn
        order = (lsn, change.sequence + 1 + event.later, change.in_table + 1 + event.later)
        return b"".join(
            (
                b'{"key":', event.key, b',"headers":[', event.linked, _header(POSITION, place),
                _NUMBER_HEADER % change.counter, _OPEN_TIME_HEADER,
                b'],"value":{"before":', event.before, b',"after":', event.after,
                shared.sequence, sequence, shared.lsn, b"%d" % lsn,
                shared.transaction, b':%d","total_order":%d,"data_collection_order":%d},"op":"' % order,
                event.op, shared.end,
            )
        )  # fmt: skip

    def _row(self, values: Sequence[Value]) -> bytes:
        return _object(values, self._fields)


def _object(values: Sequence[Value], fields: Sequence[_Field]) -> bytes:
    written = []
    for value, (name, render) in zip(values, fields, strict=True):
        if value is None:
            written.append(name + b"null")
        elif value is UNCHANGED:
            written.append(name + _UNAVAILABLE)
        else:
            written.append(name + (value if render is None else render(value)))
    return b"{" + b",".join(written) + b"}"


def _stamps(micros: int) -> tuple[bytes, bytes]:
    return b'"ts_ms":%d' % (micros // 1000), b'"ts_us":%d,"ts_ns":%d' % (micros, micros * 1000)


def _header(key: str, value: str) -> bytes:
    return b'{"key":"%s","value":"%s"}' % (key.encode(), value.encode())


def _linked(key: str, value: bytes) -> bytes:
    return b'{"key":"%s","value":%s},' % (key.encode(), value)


def _tombstone(key: bytes) -> bytes:
    return b'{"key":' + key + b',"headers":[],"value":null}\n'


_NUMBER_HEADER = b',{"key":"%s","value":%%d},' % NUMBER.encode()
_OPEN_TIME_HEADER = _header(TIME, OPEN_TIME.decode())


def _literal(text: bytes) -> str:
    return "'" + text.decode().replace("'", "''") + "'"


def _object_sql(table: SourceTable, columns: Sequence[str]) -> str:
    """Columns of a row as the text of a JSON object; null for none, which is the key of a table without one."""
    if not columns:
        return "'null'"
    types = dict(zip(table.columns, table.types, strict=True))
    fields = []
    for before, column in zip(["{"] + [","] * (len(columns) - 1), columns, strict=True):
        name = _literal(before.encode() + quoted(column.encode()) + b":")
        fields.append(f"{name} || coalesce({json_sql(quoted_name(column), types[column])}, 'null')")
    return " || ".join([*fields, "'}'"])


def _marker_sql(part: Part, tables: Sequence[SourceTable]) -> str:
    """``source.snapshot`` of a row."""
    filled = [table for table in tables if table.pages] or [part.table]
    cases = []
    if part.until_page is None:
        marker = "last" if part.table == filled[-1] else "last_in_data_collection"
        cases.append(f"WHEN lead(1) OVER () IS NULL THEN '{marker}'")
    if not part.from_page:
        marker = "first" if part.table == filled[0] else "first_in_data_collection"
        cases.append(f"WHEN row_number() OVER () = 1 THEN '{marker}'")
    return f"(CASE {' '.join(cases)} ELSE 'true' END)" if cases else "'true'"
