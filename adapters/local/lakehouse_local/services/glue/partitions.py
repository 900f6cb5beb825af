"""The partitions of the catalog's tables.

Documents have the members of Glue's Partition; a partition is known by its values, in the order of the table's keys.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lakehouse_local.services.account import key
from lakehouse_local.services.glue import errors
from lakehouse_local.services.glue.partition_filter import matching
from lakehouse_local.services.state import State

Table = Mapping[str, Any]
Document = dict[str, Any]


class Partitions:
    """Partitions by table; the caller has looked the table up (:meth:`Catalog.table`)."""

    def __init__(self, state: State, clock: Callable[[], float]) -> None:
        self._state = state
        self._clock = clock
        self._documents = state.collection("glue.partition")

    def create(self, table: Table, partition: Mapping[str, Any]) -> None:
        """Add a partition from a PartitionInput."""
        values = _checked(table, partition.get("Values", ()))
        if not self._documents.insert(_key(table, values), self._document(table, partition, self._clock())):
            raise errors.exists("Partition already exists.")

    def get(self, table: Table, values: Sequence[str]) -> Document:
        """The Partition of these values."""
        found = self._documents.get(_key(table, _checked(table, values)))
        if found is None:
            raise errors.not_found(f"Cannot find partition. Values: {list(values)}")
        return found

    def all(self, table: Table, expression: str | None = None) -> list[Document]:
        """A table's partitions, by value; ``expression`` as GetPartitions has it (``year > 2023 AND kind IN ('a')``)."""
        found = [document for _, document in self._documents.items(_key(table, ()))]
        return matching(table.get("PartitionKeys", ()), found, expression) if expression else found

    def update(self, table: Table, values: Sequence[str], partition: Mapping[str, Any]) -> None:
        """Replace a partition, which may get other values by that."""
        with self._state.transaction():
            old = self.get(table, values)
            wanted = _checked(table, partition.get("Values", values))
            if wanted != list(values) and self._documents.get(_key(table, wanted)) is not None:
                raise errors.exists("Partition already exists.")
            self._documents.delete(_key(table, values))
            self._documents.put(
                _key(table, wanted), self._document(table, {**partition, "Values": wanted}, old["CreationTime"])
            )

    def delete(self, table: Table, values: Sequence[str]) -> None:
        """Remove a partition from the catalog; its objects stay."""
        self.get(table, values)
        self._documents.delete(_key(table, values))

    def delete_all(self, database: str, table: str) -> None:
        """Remove every partition of a table."""
        for found, _ in self._documents.items(key(database.lower(), table, "")):
            self._documents.delete(found)

    @staticmethod
    def _document(table: Table, partition: Mapping[str, Any], created: float) -> Document:
        place = {"DatabaseName": table["DatabaseName"], "TableName": table["Name"], "CatalogId": table["CatalogId"]}
        return {**partition, **place, "CreationTime": created}


def _key(table: Table, values: Sequence[str]) -> str:
    # JSON without its end: the values of no partition are the beginning of every other's.
    return key(table["DatabaseName"], table["Name"], "".join(f"{json.dumps(value)}," for value in values))


def _checked(table: Table, values: Sequence[str]) -> list[str]:
    keys = table.get("PartitionKeys", ())
    if len(values) != len(keys):
        raise errors.invalid(
            f"The number of partition keys do not match the number of partition values: {len(keys)} keys, "
            f"{len(values)} values"
        )
    return list(values)
