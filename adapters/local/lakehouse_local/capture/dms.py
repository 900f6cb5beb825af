r"""The DMS wire: gzip CSV as AWS DMS writes it to S3 (definition: ADR 0001, ``settings.py``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg2.sql import SQL, Composed, Literal

from lakehouse_local.capture import names
from lakehouse_local.capture.rows import TIME, RowWriter
from lakehouse_local.capture.settings import PER_TABLE, POC, S3Settings
from lakehouse_local.capture.source import SourceTable
from lakehouse_local.capture.text import dms_text_sql
from lakehouse_local.capture.wire import Part, Shape, Snapshot, from_part, named, quoted_name, raw_sql


@dataclass(frozen=True)
class DmsWire:
    """DMS's files, in the layout of its settings."""

    settings: S3Settings = POC

    key_change_numbers = 1

    @property
    def name(self) -> str:
        """``dms`` with transactions kept together, ``dms-tables`` with a folder per table."""
        return "dms" if self.settings.PreserveTransactions else "dms-tables"

    @property
    def layout(self) -> str:
        """``transactions`` (all tables together, in commit order) or ``tables`` (a folder per table)."""
        return self.settings.layout

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
        """MaxFileSize."""
        return self.settings.MaxFileSize * 1024

    def encoder(self, shape: Shape) -> RowWriter:
        """The writer of a table's rows."""
        return RowWriter(self.settings, shape)

    def group(self, shape: Shape) -> Shape | None:
        """The table's own file, unless transactions are kept together."""
        return None if self.settings.PreserveTransactions else shape

    def stamped(self, rows: bytes, time: datetime) -> bytes:
        """Rows with their timestamp column."""
        return rows.replace(TIME, names.timestamp(time).encode())

    def changes_key(self, table: tuple[str, str] | None, at: datetime) -> str:
        """``CDC_TXN-<time>.csv.gz`` in CdcPath, or ``<schema>/<table>/<time>.csv.gz``."""
        return names.changes_key(self.settings, table, at)

    def load_key(self, schema: str, table: str, number: int) -> str:
        """``<schema>/<table>/LOAD<hex>.csv.gz``."""
        return names.load_key(self.settings, schema, table, number)

    def load_number(self, key: str) -> int:
        """The number in a load file's key."""
        return names.load_number(key)

    def copy_sql(self, part: Part, snapshot: Snapshot, tables: Sequence[SourceTable]) -> Composed:  # noqa: ARG002
        r"""Op, timestamp, columns in DMS's text, and empty AR_H_CHANGE_SEQ, BI_<key>, AR_H_STREAM_POSITION.

        COPY's own NULL is the empty field, so that it quotes the empty text; NULL values are the text ``\N``.
        """
        table, settings = part.table, self.settings
        selected = [
            named(SQL("'I'"), "Op"),
            named(Literal(names.timestamp(snapshot.clock)), settings.TimestampColumnName),
        ]
        for column, pg_type in zip(table.columns, table.types, strict=True):
            text = raw_sql(dms_text_sql(quoted_name(column), pg_type))
            selected.append(named(SQL("coalesce({}, {})").format(text, Literal(settings.CsvNullValue)), column))
        trailing = ("AR_H_CHANGE_SEQ", *(f"BI_{column}" for column in table.key), "AR_H_STREAM_POSITION")
        selected.extend(named(SQL("NULL"), name) for name in trailing)
        return SQL("COPY ({}) TO STDOUT WITH (FORMAT csv, NULL '', HEADER {})").format(
            from_part(selected, part), SQL("true" if settings.AddColumnName else "false")
        )


POC_WIRE = DmsWire()
"""The POC's layout: transactions in commit order, no header."""

PER_TABLE_WIRE = DmsWire(PER_TABLE)
"""DMS's default layout: each table's changes in its own folder, with a header."""
