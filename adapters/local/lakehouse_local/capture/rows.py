"""A change as DMS's CSV row, in bytes."""

import re
from collections.abc import Callable, Sequence

from lakehouse_local.capture.names import change_seq, stream_position
from lakehouse_local.capture.pgoutput import UNCHANGED, Value
from lakehouse_local.capture.settings import S3Settings
from lakehouse_local.capture.text import may_need_quotes, renderer
from lakehouse_local.capture.wire import Change, Shape

TIME = b"\0" * 26
"""Stands for the timestamp until the transaction's business time is known; PostgreSQL's text never holds a NUL."""

_Cell = tuple[Callable[[bytes], bytes] | None, bool]
"""How a column's value becomes text, and whether that may need quotes."""

_SPECIAL = re.compile(rb'[",\r\n]')


class RowWriter:
    """Writes the rows of one table in one layout."""

    def __init__(self, settings: S3Settings, shape: Shape) -> None:
        self._shape = shape
        self._with_names = settings.AddColumnName
        self._timestamp = settings.TimestampColumnName
        self._null = settings.CsvNullValue.encode()
        self._unsent = settings.CsvNoSupValue.encode()
        self._cells = tuple((renderer(pg_type), may_need_quotes(pg_type)) for pg_type in shape.types)
        self._key_cells = tuple(self._cells[at] for at in shape.key_at)
        table = (quoted(shape.table.encode()), quoted(shape.schema.encode()))
        self._named = table if settings.PreserveTransactions else ()

    def encode(self, change: Change) -> bytes:
        """One row, with :data:`TIME` in the timestamp's place.

        After the columns come AR_H_CHANGE_SEQ, the key before an update that changed it, and AR_H_STREAM_POSITION.
        """
        fields = [change.op.encode(), *self._named, TIME]
        self._write(change.new, self._cells, fields)
        fields.append(change_seq(change.begin.commit_time, change.counter).encode())
        if change.old_key is None:
            fields.extend([b""] * len(self._key_cells))
        else:
            self._write(change.old_key, self._key_cells, fields)
        fields.append(stream_position(change.begin.commit_lsn, change.sequence).encode())
        return b",".join(fields) + b"\n"

    def header(self) -> bytes:
        """The first line of a file with AddColumnName; nothing without."""
        if not self._with_names:
            return b""
        before = (f"BI_{column}" for column in self._shape.key)
        names = ("Op", self._timestamp, *self._shape.columns, "AR_H_CHANGE_SEQ", *before, "AR_H_STREAM_POSITION")
        return b",".join(quoted(name.encode()) for name in names) + b"\n"

    def _write(self, values: Sequence[Value], cells: Sequence[_Cell], fields: list[bytes]) -> None:
        for value, (render, quotes) in zip(values, cells, strict=True):
            if value is None:
                fields.append(self._null)
            elif value is UNCHANGED:
                fields.append(self._unsent)
            else:
                text = value if render is None else render(value)
                fields.append(quoted(text) if quotes else text)


def quoted(text: bytes) -> bytes:
    """RFC 4180 as PostgreSQL's COPY does it: quotes where the text needs them, and around the empty text.

    >>> quoted(b""), quoted(b"a b"), quoted(b'6" pipe')
    (b'""', b'a b', b'"6"" pipe"')
    """
    if text and not _SPECIAL.search(text):
        return text
    return b'"' + text.replace(b'"', b'""') + b'"'
