"""The calls of partitions."""

from collections.abc import Mapping
from typing import Any

from lakehouse_local.services.glue import errors
from lakehouse_local.services.glue.calls import Answer, Request, call, failures, paged
from lakehouse_local.services.glue.catalog import Catalog


class PartitionCalls:
    """Over one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._partitions = catalog.partitions

    @call
    def create_partition(self, request: Request) -> Answer:
        """Add a partition."""
        self._partitions.create(self._table(request), request["PartitionInput"])
        return {}

    @call
    def batch_create_partition(self, request: Request) -> Answer:
        """Add partitions; those that could not be are named."""
        table = self._table(request)
        wrong = failures(
            ({"PartitionValues": each.get("Values", [])}, lambda each=each: self._partitions.create(table, each))  # type: ignore[misc]
            for each in request["PartitionInputList"]
        )
        return {"Errors": wrong}

    @call
    def get_partition(self, request: Request) -> Answer:
        """One partition."""
        return {"Partition": self._partitions.get(self._table(request), request["PartitionValues"])}

    @call
    def batch_get_partition(self, request: Request) -> Answer:
        """Partitions by their values; what is not there comes back as unprocessed."""
        table = self._table(request)
        found, missing = [], []
        for each in request["PartitionsToGet"]:
            try:
                found.append(self._partitions.get(table, each["Values"]))
            except errors.AwsError:
                missing.append(each)
        return {"Partitions": found, "UnprocessedKeys": missing}

    @call
    def get_partitions(self, request: Request) -> Answer:
        """A table's partitions, those that an expression picks, or those of one segment."""
        found = self._partitions.all(self._table(request), request.get("Expression"))
        if segment := request.get("Segment"):
            if segment["SegmentNumber"] >= segment["TotalSegments"]:
                raise errors.invalid("SegmentNumber must be less than TotalSegments.")
            found = found[segment["SegmentNumber"] :: segment["TotalSegments"]]
        if request.get("ExcludeColumnSchema"):
            found = [_without_columns(each) for each in found]
        return paged(request, "Partitions", found, default=1000)

    @call
    def update_partition(self, request: Request) -> Answer:
        """Replace a partition."""
        self._partitions.update(self._table(request), request["PartitionValueList"], request["PartitionInput"])
        return {}

    @call
    def batch_update_partition(self, request: Request) -> Answer:
        """Replace partitions; those that could not be are named."""
        table = self._table(request)
        wrong = failures(
            (
                {"PartitionValueList": each["PartitionValueList"]},
                lambda each=each: self._partitions.update(table, each["PartitionValueList"], each["PartitionInput"]),  # type: ignore[misc]
            )
            for each in request["Entries"]
        )
        return {"Errors": wrong}

    @call
    def delete_partition(self, request: Request) -> Answer:
        """Remove a partition."""
        self._partitions.delete(self._table(request), request["PartitionValues"])
        return {}

    @call
    def batch_delete_partition(self, request: Request) -> Answer:
        """Remove partitions; those that could not be are named."""
        table = self._table(request)
        wrong = failures(
            ({"PartitionValues": each["Values"]}, lambda each=each: self._partitions.delete(table, each["Values"]))  # type: ignore[misc]
            for each in request["PartitionsToDelete"]
        )
        return {"Errors": wrong}

    def _table(self, request: Request) -> dict[str, Any]:
        wanted = request.get("CatalogId")
        if wanted not in (None, self._catalog.account.id):
            raise errors.not_found(f"Catalog {wanted} not found.")
        return self._catalog.table(request["DatabaseName"], request["TableName"])


def _without_columns(partition: Mapping[str, Any]) -> dict[str, Any]:
    storage = {name: each for name, each in partition.get("StorageDescriptor", {}).items() if name != "Columns"}
    return {**partition, "StorageDescriptor": storage}
