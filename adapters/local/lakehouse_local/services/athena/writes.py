"""Queries whose rows become a table's files: CREATE TABLE AS, INSERT, UNLOAD."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lakehouse_local.engines.athena import ddl_parser, lake
from lakehouse_local.engines.athena.engine import Answer, Control, Engine
from lakehouse_local.engines.athena.errors import Kind, QueryFailed, not_supported
from lakehouse_local.engines.athena.model import Table
from lakehouse_local.engines.athena.sandbox.sql import literal, quoted
from lakehouse_local.engines.athena.statements import CreateTableAs, Insert, Unload
from lakehouse_local.services.athena.catalog import GlueCatalog
from lakehouse_local.services.athena.definitions import partition_input
from lakehouse_local.services.athena.results import Results
from lakehouse_local.services.service import AwsError

_MAX_PARTITIONS = 100
Located = Callable[[str], tuple[int, int] | None]


@dataclass(frozen=True)
class Written:
    """What a statement wrote."""

    rows: int
    bytes_read: int
    files: tuple[str, ...]
    """Addresses of the objects."""


@dataclass(frozen=True)
class _Format:
    """How files are written: DuckDB's COPY options, how values are rendered, and the files' ending."""

    options: str
    kind: str
    ending: str = ""


class Writes:
    """Runs the writing statements."""

    def __init__(self, engine: Engine, catalog: GlueCatalog, results: Results) -> None:
        self._engine = engine
        self._catalog = catalog
        self._results = results

    def create_table(
        self,
        statement: CreateTableAs,
        database: str,
        default: str,
        *,
        enforced: bool,
        control: Control,
        located: Located,
    ) -> Written:
        """CREATE TABLE AS; without a location of its own, or where the workgroup's holds, below ``default``."""
        properties = dict(statement.properties)
        schema, name = statement.target[0] or database, statement.target[1]
        if str(properties.pop("table_type", "HIVE")).upper() != "HIVE":
            raise not_supported("Iceberg tables are not written by this endpoint", "leave table_type out")
        if str(properties.pop("is_external", "true")).lower() != "true":
            raise QueryFailed("INVALID_TABLE_PROPERTY: is_external is false for Iceberg tables alone, not for HIVE")
        if not self._catalog.has_database(schema):
            raise QueryFailed(f"SCHEMA_NOT_FOUND: Schema {schema} does not exist", Kind.ENTITY_NOT_FOUND)
        if self._catalog.document(schema, name) is not None:
            if statement.if_not_exists:
                return Written(0, 0, ())
            raise QueryFailed(
                f"TABLE_ALREADY_EXISTS: line 1:1: Destination table 'awsdatacatalog.{schema}.{name}' already exists"
            )
        asked = properties.pop("external_location", None)
        if asked and enforced:
            raise QueryFailed(
                "INVALID_TABLE_PROPERTY: The workgroup enforces its output location: external_location is not allowed"
            )
        location = f"{str(asked or default).rstrip('/')}/"
        keys = [str(key).lower() for key in _listed(properties.pop("partitioned_by", []))]
        kind = str(properties.pop("format", "PARQUET")).upper()
        delimiter = str(properties.get("field_delimiter", "\x01"))
        written_as = _format(kind, properties)
        self._empty(location, f"{schema}.{name}")
        tree = statement.tree if statement.with_data else statement.tree.limit(0)
        translation = self._engine.translate(tree, database)
        with self._engine.run(translation, _job(written_as, keys), control, located) as answer:
            names = [heading.name for heading in answer.headings]
            if keys and names[-len(keys) :] != keys:
                raise QueryFailed(
                    "HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table and in the same order as the "
                    f"table properties: {keys}"
                )
            files = self._upload(answer, location, written_as, keys)
            types = dict(zip(names, answer.hive_types, strict=True))
            serde, inputs, outputs = ddl_parser.FORMATS[kind]
            parameters = {"serialization.format": "1"}
            if kind == "TEXTFILE":
                parameters = {"serialization.format": delimiter, "field.delim": delimiter}
            document = {
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"EXTERNAL": "TRUE", "has_encrypted_data": "false", "classification": kind.lower()},
                "PartitionKeys": [{"Name": key, "Type": types[key]} for key in keys],
                "StorageDescriptor": {
                    "Columns": [{"Name": n.lower(), "Type": t} for n, t in types.items() if n not in keys],
                    "Location": location.rstrip("/"),
                    "InputFormat": inputs,
                    "OutputFormat": outputs,
                    "SerdeInfo": {"SerializationLibrary": serde, "Parameters": parameters},
                },
            }
            self._catalog.glue.create_table(schema, document)
            self._register(schema, name, files, location, keys)
            return Written(answer.rows, answer.bytes_read, tuple(files))

    def insert(self, statement: Insert, database: str, *, control: Control, located: Located) -> Written:
        """INSERT INTO: new files beside those that are there."""
        schema, name = statement.target[0] or database, statement.target[1]
        table = self._catalog.table(schema, name) if self._catalog.has_database(schema) else None
        if table is None:
            raise QueryFailed(
                f"TABLE_NOT_FOUND: line 1:1: Table 'awsdatacatalog.{schema}.{name}' does not exist",
                Kind.TABLE_NOT_FOUND,
            )
        if table.view is not None:
            raise not_supported("Inserting into views is not supported")
        if not lake.writable(table) or table.parameters.get("table_type", "").upper() == "ICEBERG":
            raise not_supported(
                f"INSERT INTO '{schema}.{name}': Hudi, Delta Lake and Iceberg tables are read only here"
            )
        document = self._catalog.document(schema, name) or {}
        if document.get("StorageDescriptor", {}).get("NumberOfBuckets", -1) > 0:
            raise not_supported(f"INSERT INTO '{schema}.{name}': bucketed tables are not written", "CREATE TABLE AS")
        columns = [column.name for column in table.all_columns]
        if unknown := [column for column in statement.columns if column not in columns]:
            raise QueryFailed(
                f"COLUMN_NOT_FOUND: line 1:1: Insert column name does not exist in target table: {unknown[0]}"
            )
        order = list(statement.columns) or columns
        casts = [
            [column.name, column.type.duckdb, order.index(column.name) if column.name in order else None]
            for column in table.all_columns
        ]
        keys = [key.name for key in table.partition_keys]
        written_as = _table_format(table)
        translation = self._engine.translate(statement.tree, database)
        location = f"{table.location.rstrip('/')}/"
        with self._engine.run(translation, {**_job(written_as, keys), "casts": casts}, control, located) as answer:
            files = self._upload(answer, location, written_as, keys)
            self._register(schema, name, files, location, keys)
            return Written(answer.rows, answer.bytes_read, tuple(files))

    def unload(self, statement: Unload, database: str, *, control: Control, located: Located) -> Written:
        """UNLOAD: the rows as files in an empty folder."""
        properties = dict(statement.properties)
        keys = [str(key).lower() for key in _listed(properties.pop("partitioned_by", []))]
        kind = str(properties.pop("format", "PARQUET")).upper()
        written_as = _format(kind, properties)
        location = f"{statement.location.rstrip('/')}/"
        if not location.startswith("s3://"):
            raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: {statement.location} is no address of S3")
        self._empty(location, "unload")
        translation = self._engine.translate(statement.tree, database)
        with self._engine.run(translation, _job(written_as, keys), control, located) as answer:
            return Written(answer.rows, answer.bytes_read, tuple(self._upload(answer, location, written_as, keys)))

    def _empty(self, location: str, name: str) -> None:
        if self._results.keys(location):
            raise QueryFailed(
                f"HIVE_PATH_ALREADY_EXISTS: Target directory for table '{name}' already exists: {location}"
            )

    def _upload(self, answer: Answer, location: str, written_as: _Format, keys: Sequence[str]) -> list[str]:
        if not answer.rows:
            return []
        root = answer.folder / "data"
        paths = sorted(path for path in root.rglob("*") if path.is_file()) if root.is_dir() else [root]
        folders = {path.parent for path in paths}
        if keys and len(folders) > _MAX_PARTITIONS:
            raise QueryFailed(
                f"HIVE_TOO_MANY_OPEN_PARTITIONS: TOO_MANY_OPEN_PARTITIONS: Exceeded limit of {_MAX_PARTITIONS} open writers for "
                f"partitions/buckets: {len(folders)}"
            )
        stem = time.strftime("%Y%m%d_%H%M%S", time.gmtime()) + f"_00000_{uuid.uuid4().hex[:5]}"
        files: dict[str, Path | bytes] = {}
        for path in paths:
            folder = f"{path.parent.relative_to(root)}/" if root.is_dir() else ""
            files[f"{location}{folder}{stem}_{uuid.uuid4()}{written_as.ending}"] = path
        self._results.store(files)
        return list(files)

    def _register(self, schema: str, name: str, files: Sequence[str], location: str, keys: Sequence[str]) -> None:
        """Tell the catalog of partitions that are new."""
        if not keys:
            return
        table = self._catalog.glue.table(schema, name)
        for folder in sorted({file[len(location) :].rpartition("/")[0] for file in files}):
            values = [unquote(part.partition("=")[2]) for part in folder.split("/")]
            try:
                self._catalog.glue.partitions.create(table, partition_input(table, values, f"{location}{folder}"))
            except AwsError as error:
                if error.code != "AlreadyExistsException":
                    raise


def _job(written_as: _Format, keys: Sequence[str]) -> dict[str, Any]:
    options = written_as.options
    if keys:
        options += f", partition_by ({', '.join(quoted(key) for key in keys)}), write_partition_columns false"
    return {"kind": written_as.kind, "name": "data", "options": f"({options})"}


def _format(kind: str, properties: Mapping[str, object]) -> _Format:
    """A file format by its name and the properties that CTAS and UNLOAD take."""
    known = {"write_compression", "compression", "parquet_compression", "field_delimiter", "compression_level"}
    if wrong := sorted(set(properties) - known):
        raise not_supported(
            f"the property {wrong[0]}", "here: format, external_location, partitioned_by, write_compression"
        )
    named = next(
        (
            str(properties[key])
            for key in ("write_compression", "compression", "parquet_compression")
            if key in properties
        ),
        "",
    )
    compression = (named or "GZIP").upper()
    if compression not in {"GZIP", "SNAPPY", "ZSTD", "NONE", "UNCOMPRESSED"}:
        raise not_supported(f"the compression {compression}", "GZIP, SNAPPY, ZSTD or NONE")
    compression = {"NONE": "uncompressed"}.get(compression, compression.lower())
    if kind == "PARQUET":
        return _Format(f"format parquet, compression {compression}", "rows")
    if compression == "snappy":
        raise not_supported("SNAPPY for text files", "GZIP or NONE")
    ending = {"gzip": ".gz", "zstd": ".zst"}.get(compression, "")
    packed = compression if ending else "none"
    if kind == "JSON":
        return _Format(f"format json, compression {packed}", "rows", ending)
    if kind == "TEXTFILE":
        return _Format(
            f"{_delimited(str(properties.get('field_delimiter', chr(1))))}, compression {packed}", "lazy", ending
        )
    raise not_supported(f"writing {kind} by this endpoint", "PARQUET, JSON or TEXTFILE")


def _delimited(delimiter: str) -> str:
    return f"format csv, header false, delimiter {literal(delimiter)}, quote '', escape '', nullstr '\\N'"


def _table_format(table: Table) -> _Format:
    """How an INSERT writes: as the table is read."""
    serde = table.serde.lower()
    if "parquet" in serde:
        return _format("PARQUET", {"compression": table.parameters.get("parquet.compression", "GZIP")})
    if "jsonserde" in serde:
        return _format("JSON", {"compression": "NONE"})
    if "lazysimpleserde" in serde:
        delimiter = table.serde_parameters.get("field.delim", "\x01")
        return _format("TEXTFILE", {"field_delimiter": delimiter, "compression": "NONE"})
    raise not_supported(
        f"INSERT INTO a table of {table.serde or 'no serde'}", "Parquet, JSON and delimited text are written"
    )


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]
