"""A change as DMS's CSV row, in bytes."""

import re
from collections.abc import Callable

from lakehouse_local.capture.names import change_seq, stream_position
from lakehouse_local.capture.pgoutput import UNCHANGED, Value
from lakehouse_local.capture.settings import S3Settings
from lakehouse_local.capture.text import renderer
from lakehouse_local.capture.wire import Change, Shape

TIME = b"\0" * 26
"""Stands for the timestamp until the transaction's business time is known; PostgreSQL's text never holds a NUL."""

_SPECIAL = re.compile(rb'[",\r\n]')


class RowWriter:
    """Writes the rows of one table in one layout."""

    def __init__(self, settings: S3Settings, shape: Shape) -> None:
        self._shape = shape
        self._with_names = settings.AddColumnName
        self._timestamp = settings.TimestampColumnName
        self._null = settings.CsvNullValue.encode()
        self._unsent = settings.CsvNoSupValue.encode()
        self._renderers = tuple(renderer(pg_type) for pg_type in shape.types)
        table = (quoted(shape.table.encode()), quoted(shape.schema.encode()))
        self._named = table if settings.PreserveTransactions else ()

    def encode(self, change: Change) -> bytes:
        """One row, with :data:`TIME` in the timestamp's place.

        After the columns come AR_H_CHANGE_SEQ, the key before an update that changed it, and AR_H_STREAM_POSITION.
        """
        fields = [change.op.encode(), *self._named, TIME]
        for value, render in zip(change.new, self._renderers, strict=True):
            fields.append(self._field(value, render))
        fields.append(change_seq(change.begin.commit_time, change.counter).encode())
        if change.old_key is None:
            fields.extend([b""] * len(self._shape.key))
        else:
            fields.extend(
                self._field(value, self._renderers[at])
                for value, at in zip(change.old_key, self._shape.key_at, strict=True)
            )
        fields.append(stream_position(change.begin.commit_lsn, change.sequence).encode())
        return b",".join(fields) + b"\n"

    def header(self) -> bytes:
        """The first line of a file with AddColumnName; nothing without."""
        if not self._with_names:
            return b""
        before = (f"BI_{column}" for column in self._shape.key)
        names = ("Op", self._timestamp, *self._shape.columns, "AR_H_CHANGE_SEQ", *before, "AR_H_STREAM_POSITION")
        return b",".join(quoted(name.encode()) for name in names) + b"\n"

    def _field(self, value: Value, render: Callable[[bytes], bytes] | None) -> bytes:
        if value is None:
            return self._null
        if value is UNCHANGED:
            return self._unsent
        return quoted(value if render is None else render(value))


def quoted(text: bytes) -> bytes:
    """RFC 4180 as PostgreSQL's COPY does it: quotes where the text needs them, and around the empty text.

    >>> quoted(b""), quoted(b"a b"), quoted(b'6" pipe')
    (b'""', b'a b', b'"6"" pipe"')
    """
    if text and not _SPECIAL.search(text):
        return text
    return b'"' + text.replace(b'"', b'""') + b'"'
