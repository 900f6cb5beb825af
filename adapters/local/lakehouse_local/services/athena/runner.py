"""What an execution does from RUNNING to its end: the statement run, its files stored."""

import base64
import json
import re
import time
from collections.abc import Mapping
from typing import Any

from lakehouse_local.engines.athena import parsing, statements
from lakehouse_local.engines.athena.engine import TEXT, Control, Engine
from lakehouse_local.engines.athena.errors import Cancelled, Kind, QueryFailed, SyntaxInvalid
from lakehouse_local.engines.athena.model import Heading
from lakehouse_local.services.athena.catalog import GlueCatalog
from lakehouse_local.services.athena.definitions import Definitions
from lakehouse_local.services.athena.results import Results, encoded_metadata
from lakehouse_local.services.athena.saved import Prepared
from lakehouse_local.services.athena.writes import Located, Writes, Written
from lakehouse_local.services.service import AwsError

Document = dict[str, Any]
_ROWS = (Heading("rows", "bigint", 19, 0),)
_TEXT_ENDING = ".txt"


class Runner:
    """Runs statements of executions; each call gives the members that the execution gets."""

    def __init__(self, engine: Engine, catalog: GlueCatalog, results: Results, prepared: Prepared) -> None:
        self._engine = engine
        self._catalog = catalog
        self._results = results
        self._prepared = prepared
        self._definitions = Definitions(catalog, results)
        self._writes = Writes(engine, catalog, results)

    def run(self, execution: Mapping[str, Any], control: Control) -> Document:
        """Do it; QueryFailed and Cancelled say why not."""
        text = execution["text"]
        try:
            return self._statement(statements.parse(text), text, execution, control)
        except SyntaxInvalid as error:  # EXECUTE of a text that its parameters made invalid
            raise QueryFailed(error.message, Kind.SYNTAX, hint=error.hint) from None
        except AwsError as error:
            raise QueryFailed(error.message, Kind.ENTITY_NOT_FOUND) from None

    def _statement(  # noqa: PLR0911 - one branch for each kind of statement
        self, statement: statements.Statement, text: str, execution: Mapping[str, Any], control: Control
    ) -> Document:
        database = execution["database"] or "default"
        located = _locator(text)
        if isinstance(statement, statements.Select):
            return self._select(statement, database, execution, control, located)
        if isinstance(statement, statements.Definition):
            found = self._definitions.run(statement.ddl, database)
            return self._lines(execution, found.headings, found.lines)
        if isinstance(statement, statements.CreateView):
            return self._create_view(statement, database, execution, control, located)
        if isinstance(statement, statements.CreateTableAs):
            base = execution["output"]
            written = self._writes.create_table(
                statement, database, f"{base}/", enforced=execution["enforced"], control=control, located=located
            )
            return self._written(execution, written)
        if isinstance(statement, statements.Insert):
            return self._written(execution, self._writes.insert(statement, database, control=control, located=located))
        if isinstance(statement, statements.Unload):
            return self._written(execution, self._writes.unload(statement, database, control=control, located=located))
        if isinstance(statement, statements.Execute):
            body = self._prepared.body(execution["workgroup"], statement.name)
            full = statements.substituted(body, statement.values)
            inner = statements.parse(full)
            if isinstance(inner, statements.Execute):
                raise QueryFailed("SYNTAX_ERROR: Invalid statement type for prepared statement: EXECUTE", Kind.SYNTAX)
            return self._statement(inner, full, execution, control)
        return self._small(statement, database, execution)

    def _small(self, statement: statements.Statement, database: str, execution: Mapping[str, Any]) -> Document:
        if isinstance(statement, statements.Prepare):
            self._prepared.put(execution["workgroup"], statement.name, statement.sql)
            return self._lines(execution, (), ())
        if isinstance(statement, statements.Deallocate):
            self._prepared.remove(execution["workgroup"], statement.name)
            return self._lines(execution, (), ())
        if isinstance(statement, statements.Explain):
            translation = self._engine.translate(statement.tree, database)
            lines = ["Query Plan", "Run by DuckDB as:", *translation.sql.split("\n")]
            lines += [f"Reads {schema}.{name}" for schema, name in translation.tables]
            return self._lines(execution, (Heading("Query Plan", "varchar", 0, 0),), lines)
        if isinstance(statement, statements.Change):
            raise statements.only_iceberg(statement)
        raise AssertionError(statement)

    def _select(
        self,
        statement: statements.Select,
        database: str,
        execution: Mapping[str, Any],
        control: Control,
        located: Located,
    ) -> Document:
        started = time.time()
        translation = self._engine.translate(statement.tree, database)
        planned = time.time()
        with self._engine.run(translation, TEXT, control, located) as answer:
            _check_cutoff(execution, answer.bytes_read)
            done = time.time()
            output = execution["output"]
            self._results.store(
                {output: answer.folder / "result.csv", f"{output}.metadata": encoded_metadata(answer.headings)}
            )
            return {
                "headings": [[h.name, h.type, h.precision, h.scale] for h in answer.headings],
                "scanned": answer.bytes_read,
                "planning": planned - started,
                "storing": time.time() - done,
                "reusable": translation.deterministic,
            }

    def _lines(self, execution: Mapping[str, Any], headings: tuple[Heading, ...], lines: Any) -> Document:
        output = execution["output"]
        body = "".join(f"{line}\n" for line in lines).encode()
        self._results.store({output: body, f"{output}.metadata": encoded_metadata(headings)})
        return {"headings": [[h.name, h.type, h.precision, h.scale] for h in headings], "scanned": 0}

    def _written(self, execution: Mapping[str, Any], written: Written) -> Document:
        output = execution["output"]
        manifest = f"{output}-manifest.csv"
        listed = "".join(f"{file}\n" for file in written.files).encode()
        self._results.store({manifest: listed, f"{output}.metadata": encoded_metadata(_ROWS)})
        return {
            "headings": [[h.name, h.type, h.precision, h.scale] for h in _ROWS],
            "scanned": written.bytes_read,
            "updates": written.rows,
            "manifest": manifest,
        }

    def _create_view(
        self,
        statement: statements.CreateView,
        database: str,
        execution: Mapping[str, Any],
        control: Control,
        located: Located,
    ) -> Document:
        schema, name = statement.target[0] or database, statement.target[1]
        if not self._catalog.has_database(schema):
            raise QueryFailed(f"SCHEMA_NOT_FOUND: Schema '{schema}' does not exist", Kind.ENTITY_NOT_FOUND)
        known = self._catalog.document(schema, name)
        if known is not None and (not statement.replace or known.get("TableType") != "VIRTUAL_VIEW"):
            raise QueryFailed(f"TABLE_ALREADY_EXISTS: line 1:1: View already exists: 'awsdatacatalog.{schema}.{name}'")
        translation = self._engine.translate(statement.tree, database)
        translation.sql = f"select * from ({translation.sql}) limit 0"  # noqa: S608
        with self._engine.run(translation, TEXT, control, located) as answer:
            columns = list(zip(answer.headings, answer.hive_types, strict=True))
        names = [heading.name.lower() for heading, _ in columns]
        if twice := {each for each in names if names.count(each) > 1}:
            raise QueryFailed(f"DUPLICATE_COLUMN_NAME: line 1:1: Column name '{twice.pop()}' specified more than once")
        definition = {
            "originalSql": statement.sql,
            "catalog": "awsdatacatalog",
            "schema": database,
            "columns": [{"name": heading.name.lower(), "type": _trino(heading)} for heading, _ in columns],
        }
        encoded = base64.b64encode(json.dumps(definition).encode()).decode()
        document = {
            "Name": name,
            "TableType": "VIRTUAL_VIEW",
            "Parameters": {"presto_view": "true", "comment": "Presto View"},
            "PartitionKeys": [],
            "ViewOriginalText": f"/* Presto View: {encoded} */",
            "ViewExpandedText": "/* Presto View */",
            "StorageDescriptor": {
                "Columns": [{"Name": heading.name.lower(), "Type": kind} for heading, kind in columns],
                "Location": "",
                "SerdeInfo": {},
            },
        }
        if known is None:
            self._catalog.glue.create_table(schema, document)
        else:
            self._catalog.glue.update_table(schema, document)
        return self._lines(execution, (), ())


def _check_cutoff(execution: Mapping[str, Any], scanned: int) -> None:
    cutoff = execution.get("cutoff")
    if cutoff is not None and scanned > cutoff:
        raise Cancelled(f"Bytes scanned limit was exceeded: {scanned} bytes, and the workgroup allows {cutoff} a query")


def _trino(heading: Heading) -> str:
    if heading.type == "decimal":
        return f"decimal({heading.precision},{heading.scale})"
    return {"float": "real", "timestamp": "timestamp(3)"}.get(heading.type, heading.type)


def _locator(text: str) -> Located:
    """Finds a name's place in the text, for messages."""

    def located(name: str) -> tuple[int, int] | None:
        wanted = name.rpartition(".")[2].lower()
        try:
            found = parsing.tokens(text)
        except SyntaxInvalid:
            return None
        for token in found:
            if token.text.lower() == wanted:
                return parsing.place(token)
        return None

    return located


def output_of(statement: statements.Statement, location: str, execution: str) -> str:
    """Where a statement's result goes: the full path of its object."""
    if isinstance(statement, statements.Select | statements.Execute):
        return f"{location}{execution}.csv"
    if isinstance(statement, statements.CreateTableAs):
        return f"{location}tables/{execution}"
    if isinstance(statement, statements.Insert | statements.Unload):
        return f"{location}{execution}"
    return f"{location}{execution}{_TEXT_ENDING}"


def fingerprint_text(text: str) -> str:
    """A text as result reuse compares it: ends do not count."""
    return re.sub(r"[;\s]+$", "", text.strip())
