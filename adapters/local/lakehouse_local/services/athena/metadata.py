"""Data catalogs, databases and tables by Athena's own calls."""

import re
from collections.abc import Mapping
from typing import Any

from lakehouse_local.services.athena.catalog import GlueCatalog
from lakehouse_local.services.athena.errors import invalid, metadata
from lakehouse_local.services.athena.pages import page
from lakehouse_local.services.service import AwsError, Operation

Request = Mapping[str, Any]
Document = dict[str, Any]
NAME = "AwsDataCatalog"


class Metadata:
    """The one data catalog that is here: Glue's."""

    def __init__(self, catalog: GlueCatalog) -> None:
        self._glue = catalog.glue
        self._catalog = catalog

    @property
    def operations(self) -> dict[str, Operation]:
        """What is answered."""
        return {
            "GetDataCatalog": self.catalog,
            "ListDataCatalogs": self.catalogs,
            "GetDatabase": self.database,
            "ListDatabases": self.databases,
            "GetTableMetadata": self.table,
            "ListTableMetadata": self.tables,
        }

    def catalog(self, request: Request) -> Document:
        """GetDataCatalog."""
        if request["Name"].lower() != NAME.lower():
            raise invalid(f"Data catalog {request['Name']} was not found")
        return {"DataCatalog": {"Name": NAME, "Type": "GLUE", "Parameters": {"catalog-id": self._glue.account.id}}}

    def catalogs(self, request: Request) -> Document:
        """ListDataCatalogs."""
        found, following = page([{"CatalogName": NAME, "Type": "GLUE"}], request, 50)
        return {"DataCatalogsSummary": found, **following}

    def database(self, request: Request) -> Document:
        """GetDatabase."""
        self._check(request)
        try:
            return {"Database": _database(self._glue.database(request["DatabaseName"]))}
        except AwsError:
            raise metadata(f"Database {request['DatabaseName']} not found") from None

    def databases(self, request: Request) -> Document:
        """ListDatabases."""
        self._check(request)
        found, following = page([_database(each) for each in self._glue.databases()], request, 50)
        return {"DatabaseList": found, **following}

    def table(self, request: Request) -> Document:
        """GetTableMetadata."""
        self._check(request)
        found = self._catalog.document(request["DatabaseName"], request["TableName"])
        if found is None:
            raise metadata(
                f"EntityNotFoundException: Table {request['TableName']} not found in {request['DatabaseName']}"
            )
        return {"TableMetadata": _table(found)}

    def tables(self, request: Request) -> Document:
        """ListTableMetadata."""
        self._check(request)
        expression = request.get("Expression")
        try:
            found = self._glue.tables(request["DatabaseName"])
        except AwsError:
            raise metadata(f"EntityNotFoundException: Database {request['DatabaseName']} not found.") from None
        if expression:
            try:
                matches = re.compile(
                    expression.replace("*", ".*") if re.fullmatch(r"[\w*]+", expression) else expression
                )
            except re.error as error:
                raise invalid(f"Invalid expression {expression}: {error}") from None
            found = [each for each in found if matches.fullmatch(each["Name"])]
        listed, following = page([_table(each) for each in found], request, 50)
        return {"TableMetadataList": listed, **following}

    @staticmethod
    def _check(request: Request) -> None:
        if request["CatalogName"].lower() != NAME.lower():
            raise metadata(f"Data catalog {request['CatalogName']} was not found")


def _database(document: Mapping[str, Any]) -> Document:
    found: Document = {"Name": document["Name"]}
    if document.get("Description"):
        found["Description"] = document["Description"]
    if document.get("Parameters"):
        found["Parameters"] = document["Parameters"]
    return found


def _table(document: Mapping[str, Any]) -> Document:
    storage = document.get("StorageDescriptor") or {}
    serde = storage.get("SerdeInfo") or {}
    parameters = dict(document.get("Parameters") or {})
    stored = {
        "location": storage.get("Location"),
        "inputformat": storage.get("InputFormat"),
        "outputformat": storage.get("OutputFormat"),
        "serde.serialization.lib": serde.get("SerializationLibrary"),
    }
    parameters |= {name: value for name, value in stored.items() if value}
    parameters |= {f"serde.param.{name}": value for name, value in (serde.get("Parameters") or {}).items()}
    found: Document = {
        "Name": document["Name"],
        "Columns": [_column(each) for each in storage.get("Columns", ())],
        "PartitionKeys": [_column(each) for each in document.get("PartitionKeys") or ()],
        "Parameters": parameters,
    }
    if "CreateTime" in document:
        found["CreateTime"] = document["CreateTime"]
    if document.get("LastAccessTime"):
        found["LastAccessTime"] = document["LastAccessTime"]
    if document.get("TableType"):
        found["TableType"] = document["TableType"]
    return found


def _column(document: Mapping[str, Any]) -> Document:
    return {name: document[name] for name in ("Name", "Type", "Comment") if document.get(name)}
