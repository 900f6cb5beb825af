"""What a run knows of its size from the manifests alone."""

from dataclasses import replace

import pytest
from manifests import EMPTY

from lakehouse_core.contracts import CONTRACTS
from lakehouse_local.capture.manifest import FileEntry, Manifest, TableEntry
from lakehouse_local.lake.batch import BYTES_PER_PARTITION, LEAST_PARTITIONS, Batch

EVENT = CONTRACTS["event"]


def manifest(kind: str, *files: tuple[str | None, int], rows: int = 0) -> Manifest:
    """A manifest of files (table, bytes), and of so many loaded events."""
    return replace(
        EMPTY,
        kind=kind,
        files=tuple(FileEntry("key", size, "", 1, table, "", "") for table, size in files),
        tables={"public.core_event": TableEntry(("id",), ("bigint",), ("id",), load_rows=rows)},
    )


@pytest.mark.parametrize(
    ("files", "partitions"),
    [
        ([], LEAST_PARTITIONS),
        ([("public.core_event", 1)], LEAST_PARTITIONS),
        ([("public.core_event", 3 * BYTES_PER_PARTITION), ("public.core_event", 1)], 4),
        ([("public.core_event", 2 * BYTES_PER_PARTITION), ("public.core_order", 2 * BYTES_PER_PARTITION)], 2),
        ([(None, 5 * BYTES_PER_PARTITION)], 5),
    ],
)
def test_shuffles_follow_the_largest_table(files: list[tuple[str | None, int]], partitions: int) -> None:
    """A shuffle has a task for each so many bytes of the batch's largest table, never fewer than a small run has."""
    assert Batch(1, (manifest("load", *files),)).shuffle_partitions == partitions


def test_a_load_says_how_many_rows_a_table_will_have() -> None:
    """The rows of a load are those that its manifest counts; changes, and tables without an entry, have none."""
    batch = Batch(1, (manifest("load", rows=3_200_000),))
    assert batch.loaded(EVENT) == 3_200_000
    assert batch.loaded(CONTRACTS["order"]) == 0
    assert Batch(2, (manifest("changes"),)).loaded(EVENT) == 0
