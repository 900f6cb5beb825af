"""The rows of a bronze file, each with its own bytes: what is not the person's is written back as it was."""

import csv
import json
import re
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any, NamedTuple, Protocol

from lakehouse_core.contracts import Contract, Phase, position
from lakehouse_local.capture import debezium
from lakehouse_local.capture.json_text import UNAVAILABLE
from lakehouse_local.capture.manifest import FileEntry, Manifest
from lakehouse_local.capture.settings import PER_TABLE, POC
from lakehouse_local.erase.person import Person, Version, personal

csv.field_size_limit(sys.maxsize)  # Python refuses fields beyond 128 KiB by default; jsonb may be larger

_MARKERS = (POC.CsvNullValue, POC.CsvNoSupValue)
_CELL = re.compile(r'(?:^|,)("(?:[^"]|"")*"|[^",\r\n]*)')


class Record(NamedTuple):
    """A row's own text, its line's end included, and what it says; None of a header, or of another table's row."""

    text: str
    version: Version | None


class Rows(Protocol):
    """The rows of one file, and how one of them is written without its person."""

    def read(self, text: str) -> Iterator[Record]:
        """Every record of a file's text, in its order; joined, their texts are the file's."""
        ...

    def erased(self, record: Record, person: Person) -> str:
        """The record's text with a placeholder wherever it names the person."""
        ...


def may_be_in(manifest: Manifest, entry: FileEntry, contract: Contract) -> bool:
    """Whether a file can have rows of the table at all."""
    name = _name(contract)
    return name in manifest.tables and entry.table in (None, name)


def rows_of(manifest: Manifest, entry: FileEntry, contract: Contract) -> Rows:
    """The reader of a file that :func:`may_be_in` holds for."""
    if manifest.wire == debezium.DebeziumWire.name:
        return _Events(manifest, contract)
    return _Cells(manifest, entry, contract)


class _Cells:
    """DMS's CSV, in both layouts."""

    def __init__(self, manifest: Manifest, entry: FileEntry, contract: Contract) -> None:
        self._manifest = manifest
        self._contract = contract
        self._together = entry.table is None
        shape = manifest.tables[_name(contract)]
        self._columns = shape.columns
        # Behind the operation and the time; where tables stand together, behind their names too.
        self._first = 4 if self._together else 2
        self._after = self._first + len(shape.columns)
        self._old_key = self._after + 1 + shape.key.index(contract.key)

    def read(self, text: str) -> Iterator[Record]:
        lines = _Lines(text)
        header = self._manifest.layout == PER_TABLE.layout
        for cells in csv.reader(lines, strict=True):
            own = lines.taken()
            other = self._together and f"{cells[2]}.{cells[1]}" != _name(self._contract)
            yield Record(own, None if header or other else self._version(cells))
            header = False

    def _version(self, cells: list[str]) -> Version:
        values = cells[self._first : self._after]
        row = {name: None if cell in _MARKERS else cell for name, cell in zip(self._columns, values, strict=True)}
        at = _position(self._manifest, cells[-1] or None)
        return Version(at, row[self._contract.key] or "", cells[self._old_key] or None, row)

    def erased(self, record: Record, person: Person) -> str:
        body = record.text.removesuffix("\n")
        cells = _CELL.findall(body)
        for name in personal(self._contract):
            if name in self._columns:
                at = self._first + self._columns.index(name)
                if cells[at] not in (*_MARKERS, "", '""'):
                    cells[at] = person.placeholder
        return ",".join(cells) + record.text[len(body) :]


class _Events:
    """Debezium's events, a line each."""

    def __init__(self, manifest: Manifest, contract: Contract) -> None:
        self._manifest = manifest
        self._contract = contract
        self._columns = manifest.tables[_name(contract)].columns

    def read(self, text: str) -> Iterator[Record]:
        for line in StringIO(text, newline="\n"):
            yield Record(line, self._version(json.loads(line)))

    def _version(self, record: dict[str, Any]) -> Version | None:
        event = record["value"]
        if event is None or record["key"] is None:  # a tombstone, a truncate
            return None
        headers = {each["key"]: each["value"] for each in record["headers"]}
        old = headers.get(debezium.OLD_KEY)
        row = event["after"] or event["before"] or record["key"]
        return Version(
            _position(self._manifest, headers.get(debezium.POSITION)),
            str(record["key"][self._contract.key]),
            None if old is None else str(old[self._contract.key]),
            {name: _text(row.get(name)) for name in self._columns},
        )

    def erased(self, record: Record, person: Person) -> str:
        event = json.loads(record.text)
        for side in ("before", "after"):
            row = event["value"][side] or {}
            for name in personal(self._contract):
                if row.get(name) not in (None, "", UNAVAILABLE):
                    row[name] = person.placeholder
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"


def _name(contract: Contract) -> str:
    return f"{contract.schema}.{contract.table}"


def _position(manifest: Manifest, at: str | None) -> str:
    """Where a change stands; the rows of a load, which say nothing, all stand at its snapshot."""
    if at is None:
        return position(manifest.epoch, Phase.LOAD, manifest.consistent_point, 0)
    lsn, sequence = at.split(".")
    return position(manifest.epoch, Phase.CHANGE, int(lsn, 16), int(sequence, 16))


def _text(value: Any) -> str | None:
    return None if value is None or value == UNAVAILABLE else str(value)


class _Lines:
    """A text's lines, for a reader that takes one or more of them for a row; remembers which."""

    def __init__(self, text: str) -> None:
        self._lines = StringIO(text, newline="")
        self._since: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._since.append(line)
        return line

    def taken(self) -> str:
        """The lines since the last call, as one text."""
        own = "".join(self._since)
        self._since.clear()
        return own
