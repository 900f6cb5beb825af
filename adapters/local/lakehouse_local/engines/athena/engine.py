"""One query from tree to file: translated, its files fetched and linked, run by a confined process."""

import contextlib
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlglot import exp

from lakehouse_local.engines.athena.errors import Cancelled, Category, Kind, QueryFailed
from lakehouse_local.engines.athena.lake import Lake
from lakehouse_local.engines.athena.model import Catalog, Heading, Source
from lakehouse_local.engines.athena.sandbox import wire
from lakehouse_local.engines.athena.sandbox.pool import Pool, Worker
from lakehouse_local.engines.athena.translate import UNNAMED, Translation, Translator

TEXT: Mapping[str, Any] = {
    "kind": "text",
    "name": "result.csv",
    "options": "(format csv, header true, force_quote *)",
}
"""A result file as Athena's: every value in quotes, NULL is nothing."""


@dataclass(frozen=True)
class Answer:
    """What a query gave: its columns, rows and bytes read, and the folder that holds what it wrote."""

    headings: tuple[Heading, ...]
    rows: int
    bytes_read: int
    folder: Path
    hive_types: tuple[str, ...]
    """The types of a catalog's columns that hold such values."""


@dataclass
class Control:
    """A running query's handle for those who may end it."""

    cancelled: bool = False
    _worker: Worker | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def attach(self, worker: Worker | None) -> None:
        """Name the process that runs it; Cancelled if it is too late."""
        with self._lock:
            self._worker = worker
            if self.cancelled:
                raise Cancelled("Query was cancelled by user")

    def detach(self) -> None:
        """The process has ended."""
        with self._lock:
            self._worker = None

    def cancel(self) -> None:
        """End it, now or as soon as it starts."""
        with self._lock:
            self.cancelled = True
            if self._worker is not None:
                self._worker.stop()


class Engine:
    """Runs queries over one catalog and one S3."""

    def __init__(self, catalog: Catalog, lake: Lake, pool: Pool) -> None:
        self.catalog = catalog
        self.lake = lake
        self._pool = pool

    def translate(self, tree: exp.Query, database: str) -> Translation:
        """The query in DuckDB's terms."""
        return Translator(self.catalog, database).translate(tree)

    @contextlib.contextmanager
    def run(
        self,
        translation: Translation,
        write: Mapping[str, Any],
        control: Control,
        located: Callable[[str], tuple[int, int] | None],
    ) -> Iterator[Answer]:
        """The answer, whose files live as long as the context; QueryFailed, Cancelled."""
        sources = [
            self.lake.source(self.catalog, table, hidden=translation.hidden) for table in translation.tables.values()
        ]
        worker = self._pool.take()
        try:
            control.attach(worker)
            for number, source in enumerate(sources):
                _link(source, worker.folder / "in" / str(number))
            job = {
                "sql": translation.sql,
                "unnamed": UNNAMED,
                "macros": sorted(translation.macros),
                "sources": [_described(source, number) for number, source in enumerate(sources)],
                "views": [[schema, name, sql] for (schema, name), sql in translation.views.items()],
                "write": dict(write),
                "spill_bytes": self._pool.limits.file_bytes,
            }
            reply = self._ask(worker, job, control)
            if "error" in reply:
                raise failure(str(reply["error"]), str(reply["message"]), located)
            yield Answer(
                tuple(_heading(column, translation.lengths) for column in reply["columns"]),
                int(reply["rows"]),
                int(reply["bytes"]),
                worker.folder / "out",
                tuple(str(column["hive"]) for column in reply["columns"]),
            )
        finally:
            control.detach()
            worker.close()
            self._pool.refill()

    def _ask(self, worker: Worker, job: dict[str, Any], control: Control) -> dict[str, Any]:
        seconds = self._pool.limits.seconds
        try:
            reply: dict[str, Any] = worker.run(job, seconds)
        except TimeoutError:
            raise QueryFailed(
                f"EXCEEDED_TIME_LIMIT: Query exceeded the maximum run time of {seconds} s", Kind.RESOURCES
            ) from None
        except wire.Gone:
            if control.cancelled:
                raise Cancelled("Query was cancelled by user") from None
            raise _exhausted() from None
        return reply


def _heading(column: Mapping[str, Any], lengths: Mapping[str, int]) -> Heading:
    """A result's column; a text that comes from a varchar(n) is as long as that."""
    name, kind = column["name"], column["type"]
    precision = lengths.get(name, column["precision"]) if kind == "varchar" else column["precision"]
    return Heading(name, kind, precision, column["scale"])


def _link(source: Source, folder: Path) -> None:
    """Put the copies where the process may read them, and nothing else."""
    for file in source.files:
        place = folder / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(file.copy, place)
        except OSError:  # another file system
            shutil.copyfile(file.copy, place)


def _described(source: Source, folder: int) -> dict[str, Any]:
    """A source as the query process gets it; ``folder`` holds its files, no name of a user is part of a path."""
    table = source.table
    places = [f"{folder}/{file.name}" for file in source.files]
    skip = {key: value for key, value in table.parameters.items() if key == "skip.header.line.count"}
    return {
        "schema": table.database,
        "name": table.name,
        "reader": source.reader,
        "files": places,
        "columns": [[column.name, _hive(column.type)] for column in table.columns],
        "keys": [[column.name, _hive(column.type)] for column in table.partition_keys],
        "serde": {**table.serde_parameters, **skip},
        "uris": dict(zip(places, (file.uri for file in source.files), strict=True)) if source.hidden else None,
    }


def _hive(kind: Any) -> str:
    if kind.children:
        inner = [_hive(child) for child in kind.children]
        if kind.fields:
            inner = [f"{field}:{child}" for field, child in zip(kind.fields, inner, strict=True)]
        return f"{kind.name}<{','.join(inner)}>"
    return f"{kind.name}({','.join(map(str, kind.arguments))})" if kind.arguments else str(kind.name)


def _exhausted() -> QueryFailed:
    return QueryFailed(
        "Query exhausted resources at this scale factor",
        Kind.RESOURCES,
        hint="read fewer columns or rows, or aggregate earlier",
    )


_COLUMN = (
    re.compile(r'Referenced column "(?P<name>[^"]*)" not found'),
    re.compile(r'Column "(?P<name>[^"]*)" referenced that exists in the SELECT clause'),
    re.compile(r'(?:Table|Values list) "[^"]*" does not have a column named "(?P<name>[^"]*)"'),
    re.compile(r'Referenced table "(?P<name>[^"]*)" not found'),
    re.compile(r'does not have a column named "(?P<name>[^"]*)"'),
)
_GROUPED = re.compile(r'column "?(?P<name>[^"]*)"? must appear in the GROUP BY clause')
_OURS = re.compile(r"^.*'!([A-Z_]+: [^']*)'.*$")
_AMBIGUOUS = re.compile(r'Ambiguous reference to column name "(?P<name>[^"]*)"')


def failure(  # noqa: C901, PLR0911 - one branch for each kind of error
    name: str, message: str, located: Callable[[str], tuple[int, int] | None]
) -> QueryFailed:
    """DuckDB's error in Athena's words; ``located`` gives the place of a name in the user's text."""
    first = message.split("\n", 1)[0]
    plain = first.partition(": ")[2] or first

    def at(found: str) -> str:
        place = located(found)
        return f"line {place[0]}:{place[1]}: " if place else ""

    for pattern in _COLUMN:
        if match := pattern.search(message):
            column = match["name"]
            return QueryFailed(
                f"COLUMN_NOT_FOUND: {at(column)}Column '{column}' cannot be resolved or requester is not authorized to access "
                "requested resources"
            )
    if match := _AMBIGUOUS.search(message):
        return QueryFailed(f"AMBIGUOUS_NAME: {at(match['name'])}Column '{match['name']}' is ambiguous")
    if match := _GROUPED.search(message):
        return QueryFailed(
            f"EXPRESSION_NOT_AGGREGATE: {at(match['name'])}'{match['name']}' must be an aggregate expression or appear in GROUP BY "
            "clause"
        )
    told = _OURS.sub(r"\1", plain)
    if re.match(r"[A-Z][A-Z_]+: ", told):  # ours, by error() or by a cast that must fail
        return QueryFailed(told, Kind.BAD_DATA if told.startswith("HIVE") else Kind.USER)
    if name == "Mismatch":
        return QueryFailed(message, Kind.BAD_DATA)
    if name in {"OutOfMemoryException", "InternalException"} or "out of memory" in message.lower():
        return _exhausted()
    if name == "BinderException":
        if "No function matches" in message or "Could not choose a best candidate" in message or "overloads" in message:
            return QueryFailed(f"TYPE_MISMATCH: {plain}")
        return QueryFailed(f"TYPE_MISMATCH: {plain}" if "type" in plain.lower() else f"SYNTAX_ERROR: {plain}")
    if name == "ConversionException":
        return QueryFailed(f"INVALID_CAST_ARGUMENT: {plain}", Kind.USER)
    if name == "OutOfRangeException":
        return QueryFailed(f"NUMERIC_VALUE_OUT_OF_RANGE: {plain}")
    if name == "InvalidInputException":
        return QueryFailed(f"INVALID_FUNCTION_ARGUMENT: {plain}")
    return QueryFailed(
        f"GENERIC_INTERNAL_ERROR: {name}: {plain}",
        Kind.USER,
        category=Category.SYSTEM,
        hint="this one is worth a report",
    )
