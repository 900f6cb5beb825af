"""CSV: the built-in classifier by AWS's rules, and users' own. Source: Glue Developer Guide, "Built-in CSV classifier"."""

import csv
import io
import re
from dataclasses import dataclass

from lakehouse_local.engines.crawler.model import Column, CsvClassifier, Format
from lakehouse_local.engines.crawler.objects import Object
from lakehouse_local.engines.crawler.sampling import Head, text
from lakehouse_local.engines.crawler.schema import Schema, wider

_DELIMITERS = (",", "|", "\t", ";", "\x01")
_MAX_HEADER = 150
_MAX_ROWS = 10_000
_NAME = re.compile(r"[ -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff\t]{1,255}")
_INTEGER = re.compile(r"[+-]?\d{1,18}|[+-]?[1-8]\d{18}")
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
OPEN = "org.apache.hadoop.hive.serde2.OpenCSVSerde"


@dataclass(frozen=True)
class _Sheet:
    """The sample as rows of cells."""

    delimiter: str
    quote: str
    rows: list[list[str]]

    @property
    def width(self) -> int:
        return len(self.rows[0])


def built_in(found: Object, sample: Head) -> Schema | None:
    """The object as CSV by the built-in rules (two columns and two rows at least); None if it is not."""
    content = text(sample)
    if not content:
        return None
    for delimiter in _DELIMITERS:
        sheet = _parsed(content, delimiter, '"', least_columns=2)
        if sheet is not None and len(sheet.rows) >= 2:
            header = _looks_like_header(sheet)
            rows = sheet.rows[1:] if header else sheet.rows
            names = [cell.strip().lower() for cell in sheet.rows[0]] if header else _numbered(sheet.width)
            quoted = f"{delimiter}{sheet.quote}" in content or content.startswith(sheet.quote)
            return _schema(found, sample, sheet, rows, names, header=header, quoted=quoted, serde=LAZY)
    return None


def by_classifier(found: Object, sample: Head, rule: CsvClassifier) -> Schema | None:
    """The object as a user's classifier describes it; None if it does not fit."""
    content = text(sample)
    if not content:
        return None
    sheet = _parsed(content, rule.delimiter, rule.quote, least_columns=1 if rule.single_column else 2)
    if sheet is None or (rule.names and len(rule.names) != sheet.width):
        return None
    header = rule.header == "present" or (rule.header == "unknown" and _looks_like_header(sheet))
    if rule.names:
        names = [name.lower() for name in rule.names]
        if rule.header == "unknown":
            header = [cell.strip().lower() for cell in sheet.rows[0]] == names
    else:
        names = [cell.strip().lower() for cell in sheet.rows[0]] if header else _numbered(sheet.width)
    rows = sheet.rows[1:] if header else sheet.rows
    serde = {"open": OPEN, "lazy": LAZY, None: LAZY}[rule.serde]
    return _schema(found, sample, sheet, rows, names, header=header, quoted=bool(rule.quote), serde=serde)


def _parsed(content: str, delimiter: str, quote: str, *, least_columns: int) -> _Sheet | None:
    """The content as rows that are all equally wide; None if they are not."""
    lines = io.StringIO(content, newline="")
    if quote:
        reader = csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True)
    else:
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if row and len(rows) < _MAX_ROWS:
                rows.append(row)
    except csv.Error:
        # The sample may end inside a quoted cell: what was read before it counts.
        if len(rows) < 2:
            return None
        rows.pop()
    widths = {len(row) for row in rows}
    return _Sheet(delimiter, quote, rows) if len(widths) == 1 and min(widths) >= least_columns else None


def _looks_like_header(sheet: _Sheet) -> bool:
    """AWS's rule: all text, short, good names, and unlike the data: an all-text file has no header."""
    first, rest = sheet.rows[0], sheet.rows[1:]
    last = sheet.width - 1
    if not all(_kind(cell) == "string" or (at == last and not cell.strip()) for at, cell in enumerate(first)):
        return False
    if any(len(cell) >= _MAX_HEADER for cell in first[:last]):
        return False
    if not all(_NAME.fullmatch(cell.strip()) or (at == last and not cell.strip()) for at, cell in enumerate(first)):
        return False
    return any(_kind(cell) not in ("string", "") for row in rest for cell in row)


def _kind(cell: str) -> str:
    """The Hive type that a cell parses as; empty for an empty cell."""
    value = cell.strip()
    if not value:
        return ""
    if _INTEGER.fullmatch(value):
        return "bigint"
    if _DECIMAL.fullmatch(value):
        return "double"
    return "boolean" if value.lower() in ("true", "false") else "string"


def _numbered(width: int) -> list[str]:
    """Names of columns without a header: the guide says ``col1``, what AWS leaves in catalogs is ``col0``."""
    return [f"col{at}" for at in range(width)]


def _schema(
    found: Object,
    sample: Head,
    sheet: _Sheet,
    rows: list[list[str]],
    names: list[str],
    *,
    header: bool,
    quoted: bool,
    serde: str,
) -> Schema:
    types = [""] * sheet.width
    for row in rows:
        for at, cell in enumerate(row):
            if types[at] != "string":
                types[at] = wider(types[at], _kind(cell))
    columns = tuple(Column(name, kind or "string") for name, kind in zip(_unique(names), types, strict=True))
    parameters = {"columnsOrdered": "true", "areColumnsQuoted": str(quoted).lower(), "delimiter": sheet.delimiter}
    if header:
        parameters["skip.header.line.count"] = "1"
    serde_parameters = (
        {"separatorChar": sheet.delimiter, "quoteChar": sheet.quote}
        if serde == OPEN
        else {"field.delim": sheet.delimiter}
    )
    return Schema(
        object=found,
        format=Format("csv", _INPUT, _OUTPUT, serde, serde_parameters),
        compression=sample.compression,
        columns=columns,
        rows=len(rows),
        bytes=len(sample.body),
        fraction=1.0 if sample.whole else sample.read / found.size,
        parameters=parameters,
    )


def _unique(names: list[str]) -> list[str]:
    """The names, a repeated one with its column's number behind it."""
    seen: set[str] = set()
    found = []
    for at, given in enumerate(names):
        name = given or f"col{at}"
        name = f"{name}_{at}" if name in seen else name
        seen.add(name)
        found.append(name)
    return found
