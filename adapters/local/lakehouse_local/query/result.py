"""A query's rows, and the three ways to write them down."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TextIO

from rich.table import Table
from rich.text import Text


@dataclass(frozen=True)
class Result:
    """Columns with their SQL types, and rows of Python values."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]

    def table(self) -> Table:
        """The rows as a table for people; numbers stand on the right, NULL is dim."""
        shown = Table(header_style="bold", caption=f"{len(self.rows):,} rows", caption_justify="left")
        for name, kind in zip(self.columns, self.types, strict=True):
            right = kind.endswith("INT") or kind.startswith(("DECIMAL", "DOUBLE", "FLOAT", "INTEGER"))
            shown.add_column(Text(name), justify="right" if right else "left", overflow="fold")
        for row in self.rows:
            shown.add_row(*(Text("NULL", style="dim") if cell is None else Text(_text(cell)) for cell in row))
        return shown

    def write_json(self, out: TextIO, *, lines: bool = False) -> None:
        """An array of objects, or one object a line; numbers stay exact, times are ISO 8601."""
        objects = (
            json.dumps(dict(zip(self.columns, row, strict=True)), default=_jsonable, ensure_ascii=False)
            for row in self.rows
        )
        if lines:
            out.writelines(f"{each}\n" for each in objects)
        else:
            out.write("[" + ",\n ".join(objects) + "]\n")

    def write_csv(self, out: TextIO) -> None:
        """RFC 4180 with a header; NULL is an empty field, the empty text is quoted."""
        writer = csv.writer(out, quoting=csv.QUOTE_NOTNULL if hasattr(csv, "QUOTE_NOTNULL") else csv.QUOTE_MINIMAL)
        writer.writerow(self.columns)
        writer.writerows([None if cell is None else _text(cell) for cell in row] for row in self.rows)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, dict | list):
        return json.dumps(value, default=_jsonable, ensure_ascii=False)
    return str(value)


def _jsonable(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        near = float(value)
        return near if Decimal(repr(near)) == value else str(value)
    return str(value)
