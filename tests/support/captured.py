"""A source with its bucket: what a test does to it, and a reader of what was captured."""

import csv
import gzip
import hashlib
import io
from dataclasses import dataclass, replace

from psycopg2.extensions import connection

from lakehouse_core.contracts import Naming
from lakehouse_local.capture import engine, manifest
from lakehouse_local.capture.dms import DmsWire
from lakehouse_local.capture.settings import POC, S3Settings
from lakehouse_local.capture.source import CaptureSource
from lakehouse_local.storage import S3Storage

BUCKET = Naming().bucket("bronze")
ITEMS = "CREATE TABLE item (id bigint PRIMARY KEY, name text)"


@dataclass(frozen=True)
class Change:
    """A captured row as a reader sees it; empty fields are None, markers stay."""

    op: str
    table: str
    time: str
    values: tuple[str, ...]
    old_key: tuple[str, ...]
    position: str


@dataclass
class Capture:
    """A source with its bucket: what a test does to it, and what came out."""

    source: CaptureSource
    storage: S3Storage
    app: connection
    settings: S3Settings = POC

    def sql(self, *statements: str) -> None:
        """Run statements as the application, each one transaction of its own."""
        with self.app.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def load(self) -> engine.LoadReport:
        """Full load."""
        return engine.full_load(self.source, self.storage, BUCKET, DmsWire(self.settings))

    def drain(self) -> engine.StreamReport:
        """Take in everything that was committed before this call."""
        until = engine.current_lsn(self.source)
        return engine.stream(self.source, self.storage, BUCKET, DmsWire(self.settings), until)

    def chain(self) -> list[manifest.Manifest]:
        """All manifests."""
        return manifest.read_chain(self.storage, BUCKET)

    def changes(self) -> list[Change]:
        """All captured changes, in file order, each file held to its manifest."""
        found = []
        for each in self.chain():
            for file in each.files:
                body = self.storage.get(BUCKET, file.key)
                assert (len(body), hashlib.sha256(body).hexdigest()) == (file.bytes, file.sha256)
                lines = list(csv.reader(io.StringIO(gzip.decompress(body).decode(), newline="")))
                if self.settings.AddColumnName:
                    lines = lines[1:]
                assert len(lines) == file.rows
                if each.kind == "changes":
                    found += [self._change(each, file.table, line) for line in lines]
        return found

    def _change(self, step: manifest.Manifest, table: str | None, line: list[str]) -> Change:
        if table is None:
            op, name, schema, time, *rest = line
            table = f"{schema}.{name}"
        else:
            op, time, *rest = line
        shape = step.tables[table]
        width = len(shape.columns)
        assert len(rest) == width + 1 + len(shape.key) + 1
        return Change(op, table, time, tuple(rest[:width]), tuple(rest[width + 1 : -1]), rest[-1])

    def loaded(self, table: str) -> list[list[str]]:
        """The rows of a table's load files."""
        files = [file for each in self.chain() if each.kind == "load" for file in each.files if file.table == table]
        bodies = [gzip.decompress(self.storage.get(BUCKET, file.key)).decode() for file in files]
        return [line for body in bodies for line in csv.reader(io.StringIO(body, newline=""))]

    def in_layout(self, settings: S3Settings) -> "Capture":
        """The same source, captured with other settings."""
        return replace(self, settings=settings)
