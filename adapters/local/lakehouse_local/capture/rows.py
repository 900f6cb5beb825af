"""A change as DMS's CSV row, in bytes."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from lakehouse_local.capture.pgoutput import UNCHANGED, Row, Value
from lakehouse_local.capture.settings import S3Settings
from lakehouse_local.capture.text import renderer

TIME = b"\0" * 26
"""Stands for the timestamp until the transaction's business time is known; PostgreSQL's text never holds a NUL."""

_SPECIAL = re.compile(rb'[",\r\n]')


@dataclass(frozen=True)
class Shape:
    """A table as its rows are written: columns in order, their base types, the primary key."""

    schema: str
    table: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    key: tuple[str, ...]
    renderers: tuple[Callable[[bytes], bytes] | None, ...] = field(init=False, compare=False, repr=False)
    key_at: tuple[int, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "renderers", tuple(renderer(pg_type) for pg_type in self.types))
        object.__setattr__(self, "key_at", tuple(self.columns.index(column) for column in self.key))

    @property
    def full_name(self) -> str:
        """``schema.table``, as manifests have it."""
        return f"{self.schema}.{self.table}"


class RowWriter:
    """Writes rows of one layout."""

    def __init__(self, settings: S3Settings) -> None:
        self._named = settings.PreserveTransactions
        self._timestamp = settings.TimestampColumnName
        self._null = settings.CsvNullValue.encode()
        self._unsent = settings.CsvNoSupValue.encode()

    def row(
        self, shape: Shape, op: bytes, new: Row, old_key: tuple[Value, ...] | None, trail: tuple[bytes, bytes]
    ) -> bytes:
        """One row, with :data:`TIME` in the timestamp's place.

        Args:
            shape: the table.
            op: I, U, D or T.
            new: the columns' values.
            old_key: the key before an update that changed it.
            trail: AR_H_CHANGE_SEQ and AR_H_STREAM_POSITION.
        """
        fields = [op, quoted(shape.table.encode()), quoted(shape.schema.encode()), TIME] if self._named else [op, TIME]
        for value, render in zip(new, shape.renderers, strict=True):
            fields.append(self._field(value, render))
        fields.append(trail[0])
        if old_key is None:
            fields.extend([b""] * len(shape.key))
        else:
            fields.extend(
                self._field(value, shape.renderers[at]) for value, at in zip(old_key, shape.key_at, strict=True)
            )
        fields.append(trail[1])
        return b",".join(fields) + b"\n"

    def header(self, shape: Shape) -> bytes:
        """The first line of a file with AddColumnName."""
        before = (f"BI_{column}" for column in shape.key)
        names = ("Op", self._timestamp, *shape.columns, "AR_H_CHANGE_SEQ", *before, "AR_H_STREAM_POSITION")
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
