"""DDL over the Data Catalog: each statement changes it or gives lines of text."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from lakehouse_local.engines.athena import ddl
from lakehouse_local.engines.athena.errors import Kind, QueryFailed
from lakehouse_local.services.athena import show
from lakehouse_local.services.athena.catalog import GlueCatalog
from lakehouse_local.services.athena.lines import Lines, column, failed
from lakehouse_local.services.athena.results import Results
from lakehouse_local.services.service import AwsError

Document = dict[str, Any]
_MAX_PARTITIONS = 100_000


class Definitions:
    """Runs DDL for one database context."""

    def __init__(self, catalog: GlueCatalog, results: Results) -> None:
        self._catalog = catalog
        self._glue = catalog.glue
        self._results = results

    def run(self, statement: ddl.Ddl, database: str) -> Lines:
        """Do it; QueryFailed for what does not exist or is there already."""
        try:
            return self._run(statement, database)
        except AwsError as error:
            raise failed(f"SemanticException {error.message}") from None

    def _run(self, statement: ddl.Ddl, database: str) -> Lines:  # noqa: C901, PLR0911, PLR0912
        if isinstance(statement, ddl.CreateDatabase):
            return self._create_database(statement)
        if isinstance(statement, ddl.DropDatabase):
            return self._drop_database(statement)
        if isinstance(statement, ddl.AlterDatabase):
            found = self._database(statement.name)
            self._glue.update_database(
                statement.name, {**found, "Parameters": {**found.get("Parameters", {}), **statement.properties}}
            )
            return Lines()
        if isinstance(statement, ddl.ShowDatabases):
            names = [each["Name"] for each in self._glue.databases()]
            return column("database_name", _matching(names, statement.pattern))
        if isinstance(statement, ddl.ShowTables):
            return self._show_tables(statement, database)
        if isinstance(statement, ddl.CreateTable):
            return self._create_table(statement, database)
        if isinstance(statement, ddl.Drop):
            return self._drop(statement, database)
        place, table = self._table(statement.target, database)
        if isinstance(statement, ddl.AddPartitions):
            return self._add(statement, table)
        if isinstance(statement, ddl.DropPartitions):
            return self._drop_partitions(statement, table)
        if isinstance(statement, ddl.RenamePartition):
            old, new = _values(table, statement.old), _values(table, statement.new)
            partition = self._glue.partitions.get(table, old)
            self._glue.partitions.update(table, old, {**_input(partition), "Values": new})
            return Lines()
        if isinstance(statement, ddl.SetLocation):
            return self._set_location(statement, place, table)
        if isinstance(statement, ddl.SetProperties):
            self._glue.update_table(
                place, {**_input(table), "Parameters": {**table.get("Parameters", {}), **statement.properties}}
            )
            return Lines()
        if isinstance(statement, ddl.ChangeColumns):
            return self._change_columns(statement, place, table)
        if isinstance(statement, ddl.Repair):
            return self._repair(table)
        if isinstance(statement, ddl.ShowPartitions):
            return self._show_partitions(table)
        return show.shown(statement, table)

    # Databases

    def _database(self, name: str) -> Document:
        try:
            return self._glue.database(name)
        except AwsError:
            raise failed(
                f"SemanticException [Error 10072]: Database does not exist: {name}", Kind.ENTITY_NOT_FOUND
            ) from None

    def _create_database(self, statement: ddl.CreateDatabase) -> Lines:
        document: Document = {"Name": statement.name}
        if statement.comment:
            document["Description"] = statement.comment
        if statement.location:
            document["LocationUri"] = statement.location
        if statement.properties:
            document["Parameters"] = dict(statement.properties)
        try:
            self._glue.create_database(document)
        except AwsError:
            if not statement.if_not_exists:
                raise failed(
                    f"Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. Database {statement.name} already "
                    "exists"
                ) from None
        return Lines()

    def _drop_database(self, statement: ddl.DropDatabase) -> Lines:
        if not self._catalog.has_database(statement.name):
            if statement.if_exists:
                return Lines()
            self._database(statement.name)
        if self._glue.tables(statement.name) and not statement.cascade:
            raise failed(
                "Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. InvalidOperationException(message:"
                f"Database {statement.name} is not empty. One or more tables exist.)"
            )
        self._glue.delete_database(statement.name)
        return Lines()

    # Tables

    def _table(self, target: ddl.Name, database: str) -> tuple[str, Document]:
        place = target[0] or database
        self._database(place)
        found = self._catalog.document(place, target[1])
        if found is None:
            raise failed(f"SemanticException [Error 10001]: Table not found {place}.{target[1]}", Kind.TABLE_NOT_FOUND)
        return place, found

    def _create_table(self, statement: ddl.CreateTable, database: str) -> Lines:
        place = statement.target[0] or database
        self._database(place)
        if statement.properties.get("table_type", "").upper() == "ICEBERG":
            raise QueryFailed(
                "NOT_SUPPORTED: Iceberg tables are not written by this endpoint",
                Kind.NOT_SUPPORTED,
                hint="CREATE EXTERNAL TABLE",
            )
        if not statement.location:
            raise failed(
                "SemanticException table is not marked as external but has no location: CREATE EXTERNAL TABLE needs a LOCATION"
            )
        if not re.match(r"s3://[^/]+", statement.location):
            raise failed(
                f"Execution Error: The location {statement.location} is no address of S3 (s3://bucket/folder/)"
            )
        parameters = {"EXTERNAL": "TRUE", **statement.properties}
        if statement.comment:
            parameters["comment"] = statement.comment
        document: Document = {
            "Name": statement.target[1],
            "TableType": "EXTERNAL_TABLE",
            "Owner": "hadoop",
            "Parameters": parameters,
            "PartitionKeys": [_column(field) for field in statement.partition_keys],
            "StorageDescriptor": {
                "Columns": [_column(field) for field in statement.columns],
                "Location": statement.location.rstrip("/"),
                "InputFormat": statement.input_format,
                "OutputFormat": statement.output_format,
                "SerdeInfo": {
                    "SerializationLibrary": statement.serde,
                    "Parameters": {"serialization.format": "1", **statement.serde_parameters},
                },
                "BucketColumns": list(statement.clustered_by),
                "NumberOfBuckets": statement.buckets,
            },
        }
        try:
            self._glue.create_table(place, document)
        except AwsError:
            if not statement.if_not_exists:
                raise failed(
                    "Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. AlreadyExistsException(message:Table "
                    f"{statement.target[1]} already exists)"
                ) from None
        return Lines()

    def _drop(self, statement: ddl.Drop, database: str) -> Lines:
        place = statement.target[0] or database
        found = self._catalog.document(place, statement.target[1]) if self._catalog.has_database(place) else None
        if found is None:
            if statement.if_exists:
                return Lines()
            self._table(statement.target, database)
            return Lines()
        if (found.get("TableType") == "VIRTUAL_VIEW") is not statement.view:
            kind = "a view" if not statement.view else "a table"
            raise failed(f"SemanticException Cannot drop {kind} with DROP {'VIEW' if statement.view else 'TABLE'}")
        self._glue.delete_table(place, found["Name"])
        return Lines()

    def _change_columns(self, statement: ddl.ChangeColumns, place: str, table: Document) -> Lines:
        storage = dict(table["StorageDescriptor"])
        known = [each["Name"] for each in storage["Columns"]]
        new = [_column(field) for field in statement.columns]
        if statement.replaced:
            if statement.replaced not in known:
                raise failed(f"SemanticException Invalid column reference {statement.replaced}")
            storage["Columns"] = [new[0] if each["Name"] == statement.replaced else each for each in storage["Columns"]]
        elif statement.replace:
            storage["Columns"] = new
        else:
            if twice := [each["Name"] for each in new if each["Name"] in known]:
                raise failed(f"SemanticException Duplicate column name: {twice[0]}")
            storage["Columns"] = [*storage["Columns"], *new]
        self._glue.update_table(place, {**_input(table), "StorageDescriptor": storage})
        return Lines()

    def _set_location(self, statement: ddl.SetLocation, place: str, table: Document) -> Lines:
        if statement.partition:
            values = _values(table, statement.partition)
            partition = self._glue.partitions.get(table, values)
            storage = {**partition.get("StorageDescriptor", {}), "Location": statement.location}
            self._glue.partitions.update(table, values, {**_input(partition), "StorageDescriptor": storage})
        else:
            storage = {**table["StorageDescriptor"], "Location": statement.location}
            self._glue.update_table(place, {**_input(table), "StorageDescriptor": storage})
        return Lines()

    # Partitions

    def _add(self, statement: ddl.AddPartitions, table: Document) -> Lines:
        for partition, location in statement.partitions:
            values = _values(table, partition)
            try:
                self._glue.partitions.create(table, partition_input(table, values, location))
            except AwsError as error:
                if error.code != "AlreadyExistsException" or not statement.if_not_exists:
                    raise
        return Lines()

    def _drop_partitions(self, statement: ddl.DropPartitions, table: Document) -> Lines:
        for partition in statement.partitions:
            try:
                self._glue.partitions.delete(table, _values(table, partition))
            except AwsError:
                if not statement.if_exists:
                    raise
        return Lines()

    def _repair(self, table: Document) -> Lines:
        """MSCK: folders that are named ``key=value`` become partitions; none is ever removed."""
        keys = [key["Name"] for key in table.get("PartitionKeys", ())]
        if not keys:
            return Lines()
        parameters = table.get("Parameters", {})
        storage = table["StorageDescriptor"]
        if "hoodie" in storage.get("InputFormat", "").lower() or "delta" in parameters.get("table_type", "").lower():
            raise failed("SemanticException MSCK REPAIR TABLE is not supported for Hudi and Delta Lake tables")
        location = storage["Location"].rstrip("/") + "/"
        if location.startswith("s3a://"):
            raise failed("Execution Error: MSCK REPAIR TABLE does not support s3a locations")
        pattern = re.compile("".join(rf"{re.escape(key)}=([^/]+)/" for key in keys), re.IGNORECASE)
        found: dict[tuple[str, ...], str] = {}
        for relative in self._results.folders(location):
            if (match := pattern.match(relative)) and len(found) < _MAX_PARTITIONS:
                found[tuple(unquote(value) for value in match.groups())] = match[0]
        known = {tuple(each["Values"]) for each in self._glue.partitions.all(table)}
        lines = []
        for values, folder in sorted(found.items()):
            if values not in known:
                self._glue.partitions.create(table, partition_input(table, list(values), location + folder.rstrip("/")))
                lines.append(f"Repair: Added partition to metastore {table['Name']}:{folder.rstrip('/')}")
        missing = [
            f"{table['Name']}:{folder.rstrip('/')}" for values, folder in sorted(found.items()) if values not in known
        ]
        first = ["Partitions not in metastore:\t" + "\t".join(missing)] if missing else []
        return column("result", [*first, *lines]) if lines else Lines()

    def _show_partitions(self, table: Document) -> Lines:
        keys = [key["Name"] for key in table.get("PartitionKeys", ())]
        if not keys:
            raise failed(f"SemanticException [Error 10241]: Table {table['Name']} is not a partitioned table")
        found = self._glue.partitions.all(table)
        return column(
            "partition", ["/".join(f"{k}={v}" for k, v in zip(keys, each["Values"], strict=True)) for each in found]
        )

    def _show_tables(self, statement: ddl.ShowTables, database: str) -> Lines:
        place = statement.database or database
        self._database(place)
        names = [
            each["Name"]
            for each in self._glue.tables(place)
            if not statement.views or each.get("TableType") == "VIRTUAL_VIEW"
        ]
        return column("views" if statement.views else "tab_name", _matching(names, statement.pattern))


def partition_input(table: Mapping[str, Any], values: Sequence[str], location: str) -> Document:
    """A PartitionInput with the table's own storage."""
    keys = [key["Name"] for key in table.get("PartitionKeys", ())]
    storage = dict(table["StorageDescriptor"])
    folder = "/".join(f"{key}={value}" for key, value in zip(keys, values, strict=True))
    storage["Location"] = location or f"{storage['Location'].rstrip('/')}/{folder}"
    return {"Values": list(values), "StorageDescriptor": storage}


def _column(field: ddl.Field) -> Document:
    name, kind, comment = field
    return {"Name": name, "Type": kind} | ({"Comment": comment} if comment else {})


def _values(table: Mapping[str, Any], partition: ddl.Values) -> list[str]:
    given = dict(partition)
    keys = [key["Name"] for key in table.get("PartitionKeys", ())]
    if set(given) != set(keys):
        raise failed(
            f"SemanticException [Error 10212]: Partition spec {dict(partition)} does not match the keys {keys} of {table['Name']}"
        )
    return [given[key] for key in keys]


_OUTPUT_ONLY = {
    "DatabaseName", "CreateTime", "UpdateTime", "CreatedBy", "IsRegisteredWithLakeFormation", "CatalogId", "VersionId",
    "TableName", "CreationTime",
}  # fmt: skip


def _input(document: Mapping[str, Any]) -> Document:
    """What of a Table or a Partition may be given to Glue again."""
    return {name: value for name, value in document.items() if name not in _OUTPUT_ONLY}


def _matching(names: Sequence[str], pattern: str) -> list[str]:
    """The names that a SHOW pattern means: ``*`` is any text, ``|`` is or."""
    if not pattern:
        return list(names)
    matches = re.compile(pattern.lower().replace(".*", "*").replace("*", ".*").replace("%", ".*"))
    return [name for name in names if matches.fullmatch(name)]
