"""Files as AWS DMS itself writes them to S3: no manifest, and behind the columns AR_H_CHANGE_SEQ alone."""

import csv
import gzip
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from lakehouse_core.contracts import Contract

Row = Mapping[str, str | None]
"""By column, as DMS's text; None is NULL."""


@dataclass
class DmsTask:
    """Writes a table's load and everybody's changes into a bucket; ``s3`` is a client.

    ``sequence`` is the counter of the last change; it leaves room for changes from before the first.
    """

    s3: Any
    bucket: str
    sequence: int = 100

    def load(self, contract: Contract, rows: Iterable[Row], clock: str, number: int = 1) -> None:
        """A load file, which replaces the one of that number."""
        lines = [["I", clock, *_cells(contract, row), ""] for row in rows]
        self._put(f"dms-data/{contract.schema}/{contract.table}/LOAD{number:08X}.csv.gz", lines)

    def changes(self, name: str, *changes: tuple[str, Contract, Row], clock: str) -> None:
        """A file of changes in commit order; the sequence goes on."""
        lines = []
        for op, contract, row in changes:
            self.sequence += 1
            head = [op, contract.table, contract.schema, clock]
            lines.append([*head, *_cells(contract, row), f"{2026011512000000:016d}{self.sequence:019d}"])
        self._put(f"dms-data/cdc/CDC_TXN-{name}.csv.gz", lines)

    def _put(self, key: str, lines: Iterable[list[str]]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(lines)
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=gzip.compress(text.getvalue().encode()))


def _cells(contract: Contract, row: Row) -> list[str]:
    return [r"\N" if (value := row.get(name)) is None else value for name in contract.column_names]


def rows_in(source: duckdb.DuckDBPyConnection, contract: Contract) -> list[dict[str, str | None]]:
    """The rows of a source table that DuckDB holds, as DMS's text."""
    times = "strftime({0} at time zone 'UTC', '%Y-%m-%d %H:%M:%S.%f') as {0}"
    columns = [times.format(c.name) if c.source_type == "timestamptz" else c.name for c in contract.columns]
    found = source.execute(f"select columns(*)::varchar from (select {', '.join(columns)} from {contract.table})")
    return [dict(zip(contract.column_names, row, strict=True)) for row in found.fetchall()]
