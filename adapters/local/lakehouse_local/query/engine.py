"""SQL over the lake's current snapshots (or those of an earlier business time), by DuckDB over local copies.

A user's query is one SELECT over the lake's relations. DuckDB gets exactly the files of the tables that it names, has
no other access to the machine, and its configuration is locked.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import duckdb
import psutil

from lakehouse_core.errors import TableMissing
from lakehouse_core.serve import view_sql
from lakehouse_local.environment import Environment
from lakehouse_local.extensions import contracts
from lakehouse_local.lake import records
from lakehouse_local.lake.records import RunRecord
from lakehouse_local.query import names, snapshot
from lakehouse_local.query.errors import QueryFailed, SqlInvalid, SqlRefused
from lakehouse_local.query.files import Blob, Files
from lakehouse_local.query.names import Kind, Relation
from lakehouse_local.query.result import Result
from lakehouse_local.settings import Settings
from lakehouse_local.storage import S3Storage

TABLE_FUNCTIONS = {"unnest", "range", "generate_series"}
MEMORY_SHARE = 0.4
# Hudi's own columns, those of Delta's row tracking, and the marts' record key are the format's business.
_COLUMNS = (
    "columns(lambda name: not starts_with(name, '_hoodie_') and not starts_with(name, '_row-') and name <> 'mart_key')"
)


class Reference(NamedTuple):
    """A table name as it stands in a statement."""

    schema: str
    name: str


def parse_as_of(text: str) -> datetime:
    """A business time: ISO 8601 (UTC unless it says otherwise), or a date, which means the end of that day (UTC)."""
    try:
        if len(text) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), UTC) - timedelta(
                microseconds=1
            )
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SqlInvalid(f"{text!r} is no time", hint="write 2026-01-31 or 2026-01-31T12:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class QueryEngine:
    """Answers queries over one lake; each query has a DuckDB of its own."""

    def __init__(self, environment: Environment, settings: Settings) -> None:
        self._naming = settings.naming
        self._contracts = contracts(settings)
        self._storage = S3Storage(environment.s3)
        self._files = Files(environment.s3, settings.home / "query-cache")

    def run(self, sql: str, as_of: datetime | None = None) -> Result:
        """The rows of one SELECT; named errors for what does not parse, bind, exist or is not allowed."""
        record = self._record(as_of)
        with TemporaryDirectory(prefix="lakehouse-query-") as spill, duckdb.connect() as connection:
            found = names.relations(record, self._contracts)
            wanted = {each: names.resolve(found, self._naming, *each) for each in _references(connection, sql)}
            files = {relation: self._copies(record, relation) for relation in dict.fromkeys(wanted.values())}
            _confine(connection, [path for paths in files.values() for path in paths], Path(spill))
            for relation, paths in files.items():
                _define(connection, relation, paths, record.as_of)
            for spelled, relation in wanted.items():
                _alias(connection, spelled, relation)
            connection.execute("set lock_configuration = true")
            with _named_errors():
                connection.execute(sql)
                columns = [(str(each[0]), str(each[1])) for each in connection.description or ()]
                rows: Sequence[tuple[Any, ...]] = connection.fetchall()
        return Result(tuple(name for name, _ in columns), tuple(kind for _, kind in columns), rows)

    def _record(self, as_of: datetime | None) -> RunRecord:
        if as_of is not None:
            return records.at(self._storage, self._naming, as_of)
        record = records.latest(self._storage, self._naming)
        if record is None:
            raise TableMissing("the lake is empty: no run has finished yet", hint="lakehouse run")
        return record

    def _copies(self, record: RunRecord, relation: Relation) -> list[Path]:
        return self._files.local(blobs(self._files, self._naming.bucket(relation.layer), record, relation))


def blobs(files: Files, bucket: str, record: RunRecord, relation: Relation) -> list[Blob]:
    """The objects that a relation consists of as that record lists it; TableMissing if there are none."""
    if relation.kind is Kind.LOG:
        found = snapshot.log(files, bucket, relation.name, record.run)
    else:
        table = relation.contract.entity if relation.contract else relation.name
        found = snapshot.snapshot(files, bucket, table, record.format, record.tables[relation.recorded].commit)
    if not found:
        raise TableMissing(f"{relation} has no rows file yet", hint="lakehouse run")
    return found


def _define(connection: duckdb.DuckDBPyConnection, relation: Relation, paths: Sequence[Path], as_of: datetime) -> None:
    """A view ``<layer>.<name>`` over the files; a reader's view stands on a base of its own."""
    connection.execute(f"create schema if not exists {relation.layer}")
    listed = ", ".join(_literal(str(path)) for path in paths)
    body = f"select {_COLUMNS} from read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"  # noqa: S608
    if relation.kind is Kind.VIEW and relation.contract:
        base = f"lake.{_quoted(relation.contract.entity)}"
        connection.execute("create schema if not exists lake")
        connection.execute(f"create or replace view {base} as {body}")
        body = view_sql(relation.contract, base, as_of)
    connection.execute(f"create view {relation.layer}.{_quoted(relation.name)} as {body}")


def _alias(connection: duckdb.DuckDBPyConnection, spelled: Reference, relation: Relation) -> None:
    """Make the name as the statement spells it (short, or by database) mean the relation."""
    schema = spelled.schema or "main"
    if schema.lower() == relation.layer:
        return
    connection.execute(f"create schema if not exists {_quoted(schema)}")
    connection.execute(
        f"create or replace view {_quoted(schema)}.{_quoted(spelled.name)} as from {relation.layer}.{_quoted(relation.name)}"
    )


def _references(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Reference]:
    """The tables that a statement names, its own CTEs aside; SqlInvalid or SqlRefused if it is not one plain SELECT."""
    with _named_errors():
        statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type is not duckdb.StatementType.SELECT:
        raise SqlRefused(
            "a query is one SELECT statement" if statements else "there is no statement",
            hint="SELECT ... FROM silver.orders",
        )
    ((serialized,),) = connection.execute("select json_serialize_sql(?::varchar)", [sql]).fetchall()
    tree = json.loads(serialized)
    if tree["error"]:
        raise SqlInvalid(tree["error_message"])
    nodes = list(_nodes(tree))
    for node in nodes:
        if node.get("type") == "TABLE_FUNCTION" and (name := node["function"]["function_name"]) not in TABLE_FUNCTIONS:
            raise SqlRefused(
                f"the table function {name} is not for queries; there are {', '.join(sorted(TABLE_FUNCTIONS))}",
                hint="select from the lake's tables by name",
            )
        if node.get("type") == "SHOW_REF" and node.get("table_name"):
            raise SqlRefused("SHOW is not for queries", hint="DESCRIBE silver.orders; an unknown name lists the tables")
    local = {entry["key"].lower() for node in nodes for entry in node.get("cte_map", {}).get("map", ())}
    return [
        Reference(node["schema_name"], node["table_name"])
        for node in nodes
        if node.get("type") == "BASE_TABLE" and (node["schema_name"] or node["table_name"].lower() not in local)
    ]


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from _nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value)


def _confine(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], spill: Path) -> None:
    """Leave DuckDB these files and nothing else of the machine; the lock follows once the views stand."""
    budget = int(psutil.virtual_memory().total * MEMORY_SHARE)
    listed = ", ".join(_literal(str(path)) for path in paths)
    for setting in (
        "TimeZone = 'UTC'",
        f"memory_limit = '{budget}B'",
        # The spill folder must be set before external access goes; it is this query's own.
        f"temp_directory = {_literal(str(spill))}",
        "python_enable_replacements = false",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "allow_community_extensions = false",
        f"allowed_paths = [{listed}]",
        "enable_external_access = false",
    ):
        connection.execute(f"set {setting}")


@contextmanager
def _named_errors() -> Iterator[None]:
    """DuckDB's own message, with its caret, under our names."""
    try:
        yield
    except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
        raise SqlInvalid(str(error)) from None
    except duckdb.PermissionException as error:
        raise SqlRefused(str(error)) from None
    except duckdb.Error as error:
        raise QueryFailed(str(error)) from None


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
