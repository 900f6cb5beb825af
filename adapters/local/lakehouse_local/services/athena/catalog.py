"""The Data Catalog as queries and Athena's own metadata calls see it."""

from collections.abc import Mapping, Sequence
from typing import Any

from lakehouse_local.engines.athena.errors import QueryFailed
from lakehouse_local.engines.athena.hive_types import UnknownType, parse
from lakehouse_local.engines.athena.model import Column, Partition, Table
from lakehouse_local.services.glue.catalog import Catalog
from lakehouse_local.services.service import AwsError

Document = Mapping[str, Any]


class GlueCatalog:
    """``engines.athena.model.Catalog`` over Glue's documents."""

    def __init__(self, glue: Catalog) -> None:
        self.glue = glue

    def has_database(self, name: str) -> bool:
        """Whether there is such a database."""
        try:
            self.glue.database(name)
        except AwsError:
            return False
        return True

    def databases(self) -> Sequence[str]:
        """The databases' names."""
        return [document["Name"] for document in self.glue.databases()]

    def document(self, database: str, name: str) -> dict[str, Any] | None:
        """Glue's Table; None if there is none."""
        try:
            return self.glue.table(database, name)
        except AwsError:
            return None

    def table(self, database: str, name: str) -> Table | None:
        """The table as a query needs it."""
        document = self.document(database, name)
        return None if document is None else table_of(document)

    def tables(self, database: str) -> Sequence[Table]:
        """The tables and views of a database."""
        return [table_of(document) for document in self.glue.tables(database)]

    def partitions(self, table: Table) -> Sequence[Partition]:
        """The partitions that the catalog has."""
        found = self.glue.partitions.all(self.glue.table(table.database, table.name))
        return [
            Partition(
                tuple(each["Values"]),
                (each.get("StorageDescriptor") or {}).get("Location") or _default(table, each["Values"]),
            )
            for each in found
        ]


def table_of(document: Document) -> Table:
    """A table of the catalog; QueryFailed for a type that no reader has."""
    storage = document.get("StorageDescriptor") or {}
    serde = storage.get("SerdeInfo") or {}
    view = document.get("ViewOriginalText") if document.get("TableType") == "VIRTUAL_VIEW" else None
    return Table(
        database=document["DatabaseName"],
        name=document["Name"],
        columns=_columns(document, storage.get("Columns", ()), lenient=view is not None),
        partition_keys=_columns(document, document.get("PartitionKeys", ())),
        location=storage.get("Location", ""),
        input_format=storage.get("InputFormat", ""),
        serde=serde.get("SerializationLibrary", ""),
        serde_parameters=serde.get("Parameters") or {},
        parameters=document.get("Parameters") or {},
        view=view,
    )


def _columns(document: Document, columns: Sequence[Document], *, lenient: bool = False) -> tuple[Column, ...]:
    found = []
    for column in columns:
        try:
            kind = parse(column.get("Type") or "string")
        except UnknownType:
            if lenient:
                kind = parse("string")
            else:
                raise QueryFailed(
                    f"HIVE_INVALID_METADATA: Hive metadata for table {document['Name']} is invalid: column {column['Name']} has "
                    f"the unknown type {column.get('Type')}"
                ) from None
        found.append(Column(column["Name"].lower(), kind, column.get("Comment", "")))
    return tuple(found)


def _default(table: Table, values: Sequence[str]) -> str:
    folders = "/".join(f"{key.name}={value}" for key, value in zip(table.partition_keys, values, strict=True))
    return f"{table.location.rstrip('/')}/{folders}/"
