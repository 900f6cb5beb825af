"""A task's files: CSV as its S3 endpoint's settings and its table mappings ask for, losing what DMS loses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

from psycopg2.sql import SQL, Composable, Composed, Literal

from lakehouse_local.capture import names
from lakehouse_local.capture.pgoutput import UNCHANGED, Value
from lakehouse_local.capture.rows import TIME
from lakehouse_local.capture.source import SourceTable
from lakehouse_local.capture.text import dms_text_sql
from lakehouse_local.capture.wire import Change, Part, Shape, Snapshot, from_part, named, quoted_name, raw_sql
from lakehouse_local.engines.dms import expressions
from lakehouse_local.engines.dms.errors import DmsRulesInvalid
from lakehouse_local.engines.dms.losses import Loss, Losses
from lakehouse_local.engines.dms.rules import Added, TaskRules
from lakehouse_local.engines.dms.target import TargetSettings
from lakehouse_local.engines.dms.values import Narrowing, is_lob, narrowing, rendered

_OPERATIONS = {"I": "INSERT", "U": "UPDATE", "D": "DELETE"}
_COUNTED = {"U": Loss.UPDATE_WITHOUT_KEY, "D": Loss.DELETE_WITHOUT_KEY}

_LOAD_BYTES = 256 << 20


@dataclass(frozen=True)
class TaskWire:
    """DMS's files for one task. ``suspended`` tables (``schema.table``) are passed over."""

    settings: TargetSettings
    rules: TaskRules
    lob_kilobytes: int = 32
    losses: Losses = field(default_factory=Losses, compare=False)
    suspended: frozenset[str] = frozenset()

    name = "dms-task"
    key_change_numbers = 1

    @property
    def layout(self) -> str:
        """``transactions`` (all tables together, in commit order) or ``tables`` (a folder per table)."""
        return "transactions" if self.settings.PreserveTransactions else "tables"

    @property
    def batch_seconds(self) -> float:
        """CdcMaxBatchInterval."""
        return self.settings.CdcMaxBatchInterval

    @property
    def batch_bytes(self) -> int:
        """CdcMinFileSize."""
        return self.settings.CdcMinFileSize * 1000

    @property
    def load_bytes(self) -> int:
        """MaxFileSize, up to what a load may hold in memory."""
        return min(self.settings.MaxFileSize * 1024, _LOAD_BYTES)

    def encoder(self, shape: Shape) -> "TaskRows":
        """The writer of a table's rows."""
        return TaskRows(self, shape)

    def group(self, shape: Shape) -> Shape | None:
        """The table's own file, unless transactions are kept together."""
        return None if self.settings.PreserveTransactions else shape

    def stamped(self, rows: bytes, time: datetime) -> bytes:
        """Rows with their timestamp column."""
        return rows.replace(TIME, names.timestamp(time).encode()) if self.settings.TimestampColumnName else rows

    def folder(self, schema: str, table: str) -> str:
        """Where a table's files are, with a slash at the end."""
        return _joined(self.settings.BucketFolder, *map(_safe, self.rules.written_as(schema, table))) + "/"

    def changes_key(self, table: tuple[str, str] | None, at: datetime) -> str:
        """``CDC_TXN-<time>.csv`` in CdcPath, or ``<schema>/<table>/<time>.csv``."""
        millisecond = f"{at.microsecond // 1000:03d}"
        if table is None:
            name = f"CDC_TXN-{at:%Y%m%d%H%M%S}{millisecond}{self._suffix}"
            return _joined(self.settings.BucketFolder, self.settings.CdcPath, name)
        return f"{self.folder(*table)}{at:%Y%m%d-%H%M%S}{millisecond}{self._suffix}"

    def load_key(self, schema: str, table: str, number: int) -> str:
        """``<schema>/<table>/LOAD<hex>.csv``."""
        return f"{self.folder(schema, table)}LOAD{number:08X}{self._suffix}"

    def load_number(self, key: str) -> int:
        """The number in a load file's key."""
        return int(key.rsplit("/LOAD", 1)[1].removesuffix(self._suffix), 16)

    @property
    def _suffix(self) -> str:
        return ".csv.gz" if self.settings.gzip else ".csv"

    def narrowings(self, columns: Sequence[str], types: Sequence[str]) -> list[Narrowing | None]:
        """What each column loses."""
        return [
            narrowing(quoted_name(column), kind, self.lob_kilobytes)
            for column, kind in zip(columns, types, strict=True)
        ]

    def copy_sql(self, part: Part, snapshot: Snapshot, tables: Sequence[SourceTable]) -> Composed:  # noqa: ARG002
        """Op (if asked for), timestamp (if it has a name), the columns, the added columns."""
        table, settings = part.table, self.settings
        selected: list[Composable] = [named(SQL("'I'"), "Op")] if settings.IncludeOpForFullLoad else []
        if settings.TimestampColumnName:
            at = snapshot.clock if settings.UseTaskStartTimeForFullLoadTimestamp else datetime.now(UTC)
            selected.append(named(Literal(names.timestamp(at)), settings.TimestampColumnName))
        cuts = self.narrowings(table.columns, table.types)
        for column, pg_type, cut in zip(table.columns, table.types, cuts, strict=True):
            text = cut.text_sql if cut else dms_text_sql(quoted_name(column), pg_type)
            selected.append(named(raw_sql(text), self.rules.column_as(table.schema, table.name, column)))
        for each in self.rules.added_to(table.schema, table.name):
            if each.parts is None:
                selected += [named(self._empty, f"{each.name}{column}") for column in table.key]
            else:
                selected.append(named(self._load_sql(each, table, snapshot), each.name))
        return SQL("COPY ({}) TO STDOUT WITH (FORMAT csv, NULL {}, DELIMITER {}, HEADER {})").format(
            from_part(selected, part),
            Literal(settings.CsvNullValue),
            Literal(settings.CsvDelimiter),
            SQL("true" if settings.AddColumnName else "false"),
        )

    @property
    def _empty(self) -> Composable:
        """What COPY prints as nothing at all."""
        return SQL("''") if self.settings.CsvNullValue else SQL("NULL")

    def _load_sql(self, added: Added, table: SourceTable, snapshot: Snapshot) -> Composable:
        """The expression over a row of the full load: positions are empty there."""
        terms: list[Composable] = []
        for part in added.parts or ():
            known = {
                "AR_H_OPERATION": "INSERT",
                "AR_H_TIMESTAMP": _scale_7(snapshot.clock),
                "AR_H_COMMIT_TIMESTAMP": _scale_7(snapshot.clock),
                "AR_M_SOURCE_SCHEMA": table.schema,
                "AR_M_SOURCE_TABLE_NAME": table.name,
            }
            if part.kind == "column":
                at = _column(part, table.columns, table.full_name)
                terms.append(raw_sql(f"({dms_text_sql(quoted_name(table.columns[at]), table.types[at])})"))
            elif part.kind == "text":
                terms.append(Literal(part.value))
            elif part.value in known:
                terms.append(Literal(known[part.value]))
            else:
                terms.append(self._empty if len(added.parts or ()) == 1 else SQL("''"))
        return SQL(" || ").join(terms)


class TaskRows:
    """Writes the changes of one table; what DMS loses is counted and gives no bytes, or narrower ones."""

    def __init__(self, wire: TaskWire, shape: Shape) -> None:
        settings = wire.settings
        self._wire, self._shape = wire, shape
        self._null = settings.CsvNullValue.encode()
        self._unsent = settings.CsvNoSupValue.encode() if settings.UseCsvNoSupValue else self._null
        self._delimiter = settings.CsvDelimiter.encode()
        self._special = re.compile(b'["\r\n' + re.escape(self._delimiter) + b"]")
        self._renderers = [rendered(pg_type) for pg_type in shape.types]
        self._cuts = wire.narrowings(shape.columns, shape.types)
        self._lobs = [is_lob(pg_type) for pg_type in shape.types]
        schema, table = wire.rules.written_as(shape.schema, shape.table)
        lead = [self._quoted(table.encode()), self._quoted(schema.encode())]
        self._lead = lead if settings.PreserveTransactions else []
        self._added = wire.rules.added_to(shape.schema, shape.table)

    def encode(self, change: Change) -> bytes:
        """One row, with the timestamp still open; nothing for a change that is lost or not asked for."""
        settings = self._wire.settings
        if (lost := self._lost(change)) is not None:
            self._wire.losses.count(self._shape.full_name, lost)
            return b""
        if (change.op != "I" and settings.CdcInsertsOnly) or (change.op == "D" and settings.CdcInsertsAndUpdates):
            return b""
        fields = [change.op.encode()] if settings.op_in_changes else []
        fields += self._lead
        if settings.TimestampColumnName:
            fields.append(TIME)
        fields += [self._value(at, value) for at, value in enumerate(change.new)]
        for added in self._added:
            if added.parts is None:
                fields += [b""] * len(self._shape.key)
            else:
                fields.append(self._expression(added, change))
        return self._delimiter.join(fields) + b"\n"

    def header(self) -> bytes:
        """The first line of a file with AddColumnName; nothing without."""
        settings, shape = self._wire.settings, self._shape
        if not settings.AddColumnName:
            return b""
        found = ["Op"] if settings.op_in_changes else []
        found += [settings.TimestampColumnName] if settings.TimestampColumnName else []
        found += [self._wire.rules.column_as(shape.schema, shape.table, column) for column in shape.columns]
        for added in self._added:
            found += [added.name] if added.parts is not None else [f"{added.name}{column}" for column in shape.key]
        return self._delimiter.join(self._quoted(name.encode()) for name in found) + b"\n"

    def _lost(self, change: Change) -> Loss | None:
        if self._shape.full_name in self._wire.suspended:
            return Loss.SUSPENDED
        if change.op == "T":
            return Loss.TRUNCATE
        if change.old_key is not None:
            return Loss.KEY_CHANGE
        return None if self._shape.key else _COUNTED.get(change.op)

    def _value(self, at: int, value: Value) -> bytes:
        if value is None:
            return self._null
        if value is UNCHANGED:
            if not self._wire.settings.UseCsvNoSupValue:
                self._wire.losses.count(self._shape.full_name, Loss.NOT_SENT)
            return self._unsent
        if self._lobs[at] and not self._shape.key:
            self._wire.losses.count(self._shape.full_name, Loss.LOB_WITHOUT_KEY)
            return self._null
        return self._quoted(self._narrowed(at, value))

    def _narrowed(self, at: int, value: bytes) -> bytes:
        render, cut = self._renderers[at], self._cuts[at]
        text = value if render is None else render(value)
        if cut is not None and (less := cut.cut(text)) is not None:
            self._wire.losses.count(self._shape.full_name, cut.loss)
            return less
        return text

    def _expression(self, added: Added, change: Change) -> bytes:
        terms: list[bytes] = []
        for part in added.parts or ():
            if part.kind == "text":
                terms.append(part.value.encode())
            elif part.kind == "header":
                terms.append(self._header_value(part.value, change).encode())
            else:
                at = _column(part, self._shape.columns, self._shape.full_name)
                value, render = change.new[at], self._renderers[at]
                if value is None or value is UNCHANGED:
                    return self._null  # NULL || text is NULL
                terms.append(value if render is None else render(value))
        joined = b"".join(terms)
        return self._quoted(joined) if joined else b""

    def _header_value(self, name: str, change: Change) -> str:
        begin = change.begin
        match name:
            case "AR_H_CHANGE_SEQ":
                return names.change_seq(begin.commit_time, change.counter)
            case "AR_H_STREAM_POSITION":
                return names.stream_position(begin.commit_lsn, change.sequence)
            case "AR_H_OPERATION":
                return _OPERATIONS[change.op]
            case "AR_M_SOURCE_SCHEMA":
                return self._shape.schema
            case "AR_M_SOURCE_TABLE_NAME":
                return self._shape.table
            case _:
                return _scale_7(begin.commit_time)

    def _quoted(self, text: bytes) -> bytes:
        """RFC 4180 as PostgreSQL's COPY does it: also around a text that equals CsvNullValue."""
        if text != self._null and not self._special.search(text):
            return text
        return b'"' + text.replace(b'"', b'""') + b'"'


def _column(part: expressions.Part, columns: Sequence[str], table: str) -> int:
    if part.value not in columns:
        raise DmsRulesInvalid(f"an expression names ${part.value}; {table} has {', '.join(columns)}")
    return list(columns).index(part.value)


def _scale_7(at: datetime) -> str:
    """A time with seven decimals."""
    return names.timestamp(at) + "0"


def _safe(name: str) -> str:
    return quote(name, safe=" ")


def _joined(*folders: str) -> str:
    return "/".join(folder.strip("/") for folder in folders if folder.strip("/"))
