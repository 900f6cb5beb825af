"""The Data Catalog without HTTP: databases, tables and their versions, over the state; Glue and Athena share it.

Documents have the members of Glue's own shapes (``Database``, ``Table``); times are epoch seconds. Names of
databases and tables are stored in lower case and found in any. Errors are Glue's: EntityNotFoundException,
AlreadyExistsException, InvalidInputException, ConcurrentModificationException.
"""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from lakehouse_local.services.account import Account, key
from lakehouse_local.services.glue import errors
from lakehouse_local.services.glue.partitions import Partitions
from lakehouse_local.services.service import AwsError
from lakehouse_local.services.state import State

Document = dict[str, Any]
Input = Mapping[str, Any]

_STORAGE = {"Compressed": False, "NumberOfBuckets": 0, "SortColumns": [], "StoredAsSubDirectories": False}
"""What Glue answers for members of a StorageDescriptor that were not given."""


class Catalog:
    """One account's catalog."""

    def __init__(self, state: State, account: Account, clock: Callable[[], float] = time.time) -> None:
        self.account = account
        self.partitions = Partitions(state, clock)
        self._state = state
        self._clock = clock
        self._databases = state.collection("glue.database")
        self._tables = state.collection("glue.table")
        self._versions = state.collection("glue.table-version")

    # Databases

    def create_database(self, database: Input) -> None:
        """Create a database from a DatabaseInput."""
        name = str(database["Name"]).lower()
        document = {**database, "Name": name, "CreateTime": self._clock(), "CatalogId": self.account.id}
        if not self._databases.insert(name, document):
            raise errors.exists("Database already exists.")

    def database(self, name: str) -> Document:
        """The Database."""
        found = self._databases.get(name.lower())
        if found is None:
            raise errors.not_found(f"Database {name} not found.")
        return found

    def databases(self) -> list[Document]:
        """All databases, by name."""
        return [document for _, document in self._databases.items()]

    def update_database(self, name: str, database: Input) -> None:
        """Replace a database's properties; it keeps its name and its time of creation."""
        with self._state.transaction():
            old = self.database(name)
            if str(database["Name"]).lower() != old["Name"]:
                raise errors.invalid("A database cannot be renamed.")
            kept = {member: old[member] for member in ("Name", "CreateTime", "CatalogId")}
            self._databases.put(old["Name"], {**database, **kept})

    def delete_database(self, name: str) -> None:
        """Delete a database and everything in it."""
        with self._state.transaction():
            found = self.database(name)
            for table in self.tables(name):
                self.delete_table(name, table["Name"])
            self._databases.delete(found["Name"])

    # Tables

    def create_table(self, database: str, table: Input) -> None:
        """Create a table from a TableInput; its version is 0."""
        now = self._clock()
        with self._state.transaction():
            self.database(database)
            document = self._document(database, table) | {"CreateTime": now, "UpdateTime": now, "VersionId": "0"}
            if not self._tables.insert(key(database.lower(), document["Name"]), document):
                raise errors.exists("Table already exists.")
            self._versions.put(_version_key(document), document)

    def table(self, database: str, name: str) -> Document:
        """The Table, as its newest version."""
        found = self._tables.get(key(database.lower(), name.lower()))
        if found is None:
            self.database(database)
            raise errors.not_found(f"Entity Not Found: table {name} in database {database}")
        return found

    def tables(self, database: str, expression: str | None = None) -> list[Document]:
        """The tables of a database, by name; ``expression`` is a regular expression for the whole name."""
        self.database(database)
        found = [document for _, document in self._tables.items(key(database.lower(), ""))]
        if not expression:
            return found
        try:
            matches = re.compile(expression.lower()).fullmatch
        except re.error as error:
            raise errors.invalid(f"The expression {expression!r} is no regular expression: {error}") from None
        return [document for document in found if matches(document["Name"])]

    def update_table(
        self, database: str, table: Input, *, archive: bool = True, expected_version: str | None = None
    ) -> None:
        """Replace a table by a TableInput, as its next version.

        Args:
            database: where the table is.
            table: the whole of it; what is not given is gone.
            archive: whether the version before is kept.
            expected_version: ConcurrentModificationException if the table is at another one.
        """
        with self._state.transaction():
            old = self.table(database, str(table["Name"]))
            if expected_version not in (None, old["VersionId"]):
                raise AwsError(
                    "ConcurrentModificationException",
                    f"Table {old['Name']} is at version {old['VersionId']}, not {expected_version}.",
                )
            document = self._document(database, table) | {
                "CreateTime": old["CreateTime"],
                "UpdateTime": self._clock(),
                "VersionId": str(int(old["VersionId"]) + 1),
            }
            if not archive:
                self._versions.delete(_version_key(old))
            self._tables.put(key(database.lower(), document["Name"]), document)
            self._versions.put(_version_key(document), document)

    def delete_table(self, database: str, name: str) -> None:
        """Delete a table, its versions and its partitions."""
        with self._state.transaction():
            found = self.table(database, name)
            place = key(database.lower(), found["Name"])
            for version, _ in self._versions.items(place + "\n"):
                self._versions.delete(version)
            self.partitions.delete_all(database, found["Name"])
            self._tables.delete(place)

    def _document(self, database: str, table: Input) -> Document:
        document = {**table, "Name": str(table["Name"]).lower(), "DatabaseName": database.lower()}
        document.setdefault("Retention", 0)
        if "StorageDescriptor" in table:
            document["StorageDescriptor"] = _STORAGE | table["StorageDescriptor"]
        return document | {
            "CreatedBy": f"arn:aws:iam::{self.account.id}:root",
            "IsRegisteredWithLakeFormation": False,
            "CatalogId": self.account.id,
        }

    # Versions

    def versions(self, database: str, name: str) -> list[Document]:
        """The kept versions of a table, the newest first."""
        found = self.table(database, name)
        return [document for _, document in reversed(self._versions.items(key(database.lower(), found["Name"], "")))]

    def version(self, database: str, name: str, version: str | None) -> Document:
        """One version of a table, the newest without a name."""
        newest = self.table(database, name)
        if version is None:
            return newest
        found = self._versions.get(_version_key({**newest, "VersionId": _number(version)}))
        if found is None:
            raise errors.not_found(f"Version {version} of table {name} not found.")
        return found

    def delete_version(self, database: str, name: str, version: str) -> None:
        """Forget an old version of a table."""
        with self._state.transaction():
            found = self.version(database, name, version)
            if found["VersionId"] == self.table(database, name)["VersionId"]:
                raise errors.invalid("Cannot delete the latest version of a table.")
            self._versions.delete(_version_key(found))


def _version_key(table: Input) -> str:
    return key(str(table["DatabaseName"]), str(table["Name"]), f"{int(table['VersionId']):010d}")


def _number(version: str) -> str:
    if not version.isdecimal():
        raise errors.invalid(f"The version {version!r} is not a number.")
    return version
