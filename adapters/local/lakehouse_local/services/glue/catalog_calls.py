"""The calls of databases, tables and their versions."""

from collections.abc import Mapping
from typing import Any

from lakehouse_local.services.glue import errors
from lakehouse_local.services.glue.calls import Answer, Request, call, failures, paged
from lakehouse_local.services.glue.catalog import Catalog
from lakehouse_local.services.glue.tags import Tags


class CatalogCalls:
    """Over one catalog."""

    def __init__(self, catalog: Catalog, tags: Tags) -> None:
        self._catalog = catalog
        self._tags = tags

    @call
    def create_database(self, request: Request) -> Answer:
        """Create a database."""
        self._mine(request)
        self._catalog.create_database(request["DatabaseInput"])
        name = self._catalog.database(request["DatabaseInput"]["Name"])["Name"]
        self._tags.set("database", name, request.get("Tags"))
        return {}

    @call
    def get_database(self, request: Request) -> Answer:
        """One database."""
        self._mine(request)
        return {"Database": self._catalog.database(request["Name"])}

    @call
    def get_databases(self, request: Request) -> Answer:
        """All databases."""
        self._mine(request)
        return paged(request, "DatabaseList", self._catalog.databases())

    @call
    def update_database(self, request: Request) -> Answer:
        """Replace a database's properties."""
        self._mine(request)
        self._catalog.update_database(request["Name"], request["DatabaseInput"])
        return {}

    @call
    def delete_database(self, request: Request) -> Answer:
        """Delete a database with all that is in it."""
        self._mine(request)
        name = self._catalog.database(request["Name"])["Name"]
        self._catalog.delete_database(name)
        self._tags.forget("database", name)
        return {}

    @call
    def create_table(self, request: Request) -> Answer:
        """Create a table."""
        self._mine(request)
        table = request.get("TableInput")
        if table is None:
            raise errors.invalid("TableInput is missing.")
        if "OpenTableFormatInput" in request:
            raise errors.invalid("Iceberg tables are not made by the local endpoint yet.")
        if request.get("PartitionIndexes"):
            raise errors.invalid("Partition indexes are not made by the local endpoint yet.")
        self._catalog.create_table(request["DatabaseName"], table)
        return {}

    @call
    def get_table(self, request: Request) -> Answer:
        """One table."""
        self._mine(request)
        return {"Table": self._catalog.table(request["DatabaseName"], request["Name"])}

    @call
    def get_tables(self, request: Request) -> Answer:
        """The tables of a database."""
        self._mine(request)
        found = self._catalog.tables(request["DatabaseName"], request.get("Expression"))
        if wanted := request.get("AttributesToGet"):
            names = [{"NAME": "Name", "TABLE_TYPE": "TableType"}[each] for each in wanted]
            found = [{name: each[name] for name in {"Name", *names} if name in each} for each in found]
        return paged(request, "TableList", found)

    @call
    def search_tables(self, request: Request) -> Answer:
        """The tables of all databases that hold a text in their names or descriptions, and whose members are as given."""
        self._mine(request)
        if request.get("SortCriteria"):
            raise errors.invalid("SortCriteria is not supported by the local endpoint yet.")
        text = request.get("SearchText", "").strip('"').lower()
        tables = [table for each in self._catalog.databases() for table in self._catalog.tables(each["Name"])]
        wanted = request.get("Filters", ())
        found = [table for table in tables if _holds(table, text) and all(_passes(table, each) for each in wanted)]
        return paged(request, "TableList", found)

    @call
    def update_table(self, request: Request) -> Answer:
        """Replace a table by its next version."""
        self._mine(request)
        table = request.get("TableInput")
        if table is None:
            raise errors.invalid("TableInput is missing.")
        if "UpdateOpenTableFormatInput" in request:
            raise errors.invalid("Iceberg tables are not made by the local endpoint yet.")
        self._catalog.update_table(
            request["DatabaseName"],
            table,
            archive=not request.get("SkipArchive", False),
            expected_version=request.get("VersionId"),
        )
        return {}

    @call
    def delete_table(self, request: Request) -> Answer:
        """Delete a table."""
        self._mine(request)
        self._catalog.delete_table(request["DatabaseName"], request["Name"])
        return {}

    @call
    def batch_delete_table(self, request: Request) -> Answer:
        """Delete tables; those that could not be are named."""
        self._mine(request)
        database = request["DatabaseName"]
        self._catalog.database(database)
        wrong = failures(
            ({"TableName": name}, lambda name=name: self._catalog.delete_table(database, name))  # type: ignore[misc]
            for name in request["TablesToDelete"]
        )
        return {"Errors": wrong}

    @call
    def get_table_version(self, request: Request) -> Answer:
        """One version of a table."""
        self._mine(request)
        table = self._catalog.version(request["DatabaseName"], request["TableName"], request.get("VersionId"))
        return {"TableVersion": {"Table": table, "VersionId": table["VersionId"]}}

    @call
    def get_table_versions(self, request: Request) -> Answer:
        """The versions of a table, the newest first."""
        self._mine(request)
        versions = self._catalog.versions(request["DatabaseName"], request["TableName"])
        found = [{"Table": table, "VersionId": table["VersionId"]} for table in versions]
        return paged(request, "TableVersions", found)

    @call
    def delete_table_version(self, request: Request) -> Answer:
        """Forget a version of a table."""
        self._mine(request)
        self._catalog.delete_version(request["DatabaseName"], request["TableName"], request["VersionId"])
        return {}

    @call
    def batch_delete_table_version(self, request: Request) -> Answer:
        """Forget versions of a table; those that could not be are named."""
        self._mine(request)
        database, table = request["DatabaseName"], request["TableName"]
        wrong = failures(
            (
                {"TableName": table, "VersionId": version},
                lambda version=version: self._catalog.delete_version(database, table, version),  # type: ignore[misc]
            )
            for version in request["VersionIds"]
        )
        return {"Errors": wrong}

    @call
    def get_partition_indexes(self, request: Request) -> Answer:
        """A table's partition indexes: none, because CreatePartitionIndex is not done."""
        self._mine(request)
        self._catalog.table(request["DatabaseName"], request["TableName"])
        return {"PartitionIndexDescriptorList": []}

    def _mine(self, request: Request) -> None:
        wanted = request.get("CatalogId")
        if wanted not in (None, self._catalog.account.id):
            raise errors.not_found(f"Catalog {wanted} not found.")


def _holds(table: Mapping[str, Any], text: str) -> bool:
    return text in table["Name"] or text in str(table.get("Description", "")).lower()


def _passes(table: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    name = wanted.get("Key", "")
    found = table.get(name[:1].upper() + name[1:], table.get("Parameters", {}).get(name))
    if wanted.get("Comparator", "EQUALS") != "EQUALS":
        raise errors.invalid("The local endpoint compares by EQUALS alone yet.")
    return str(found) == wanted.get("Value")
