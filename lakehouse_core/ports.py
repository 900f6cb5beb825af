"""The seams: what the core asks of the world around it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Table:
    """A lake table: where it is and by what it is merged.

    ``location`` is a URI, ``key`` the one record-key column, ``ordering`` the column whose greater value wins
    (None: the table is only ever overwritten whole), ``rows_hint`` the size by which an index is laid out.
    ``merge_on_read``: a merge writes only what is new, beside the files, and reading joins the two until the table is
    compacted; Hudi's table type, fixed when the table is created.
    ``clustered``: keys begin with their group and a dash, and rows lie by group and key in small files, so that a patch of rows of few
    groups rewrites few files; for a table that is overwritten or patched.
    """

    name: str
    database: str
    location: str
    key: str
    ordering: str | None = None
    rows_hint: int = 1_000
    merge_on_read: bool = False
    clustered: bool = False


@dataclass(frozen=True)
class Commit:
    """One completed change of a table: the format's own id (instant or version), when, and what it did."""

    id: str
    at: datetime
    operation: str


class TableFormat(Protocol):
    """A table format (Hudi, Delta) behind one shape; locations may be any Hadoop file system.

    MergeOnReadLacking where the table is declared ``merge_on_read`` and the format has no such tables.
    """

    name: str

    def exists(self, table: Table) -> bool:
        """Whether the table has a completed commit."""
        ...

    def overwrite(self, table: Table, frame: DataFrame) -> Commit:
        """Replace the table's content (create it if absent); one row per key is the caller's promise."""
        ...

    def merge(self, table: Table, frame: DataFrame) -> Commit:
        """Upsert by key; a row whose ordering value is lower than the stored one changes nothing.

        ContractBroken, and nothing is written, where the frame lacks a stored column, holds one in another type, or
        has two rows for a key. A column that the table does not have yet is added to it.
        """
        ...

    def patch(self, table: Table, frame: DataFrame, gone: str) -> Commit:
        """Upsert by key, and delete the keys of the rows whose boolean column ``gone`` is true, in one commit.

        For tables without an ordering: what is given replaces what is stored. ContractBroken as for ``merge``.
        """
        ...

    def read(self, table: Table) -> DataFrame:
        """The current rows, without the format's own columns; TableMissing if never written."""
        ...

    def read_optimized(self, table: Table) -> DataFrame:
        """The rows as of the last compaction, without the cost of a join; for other tables the same as ``read``."""
        ...

    def read_as_of(self, table: Table, commit: str) -> DataFrame:
        """The rows as they stood after that commit."""
        ...

    def changes_since(self, table: Table, commit: str) -> DataFrame:
        """The current rows that were written after that commit."""
        ...

    def last(self, table: Table) -> Commit:
        """The newest completed commit; TableMissing if never written."""
        ...

    def history(self, table: Table) -> list[Commit]:
        """The completed commits, oldest first."""
        ...

    def optimize(self, table: Table) -> Commit | None:
        """Rewrite small files into larger ones (Hudi clustering, Delta OPTIMIZE); None if there was nothing to do."""
        ...

    def compact(self, table: Table) -> Commit | None:
        """Join what merges wrote beside a merge-on-read table's files into them; None if there was nothing to do."""
        ...

    def clean(self, table: Table, keep_commits: int) -> None:
        """Delete the file versions that only commits before the last ``keep_commits`` need."""
        ...

    def drop(self, table: Table) -> None:
        """Remove every file of the table, of all its versions, and its log; what is not there is no error."""
        ...


class Storage(Protocol):
    """An object store, seen as whole objects under one bucket-and-key name space."""

    def get(self, bucket: str, key: str) -> bytes:
        """The object's bytes; ObjectMissing if there is none."""
        ...

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Store the object, durable when this returns."""
        ...

    def put_if_absent(self, bucket: str, key: str, body: bytes) -> bool:
        """Store the object if the key is free (If-None-Match: *); False if it was taken."""
        ...

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """The keys below a prefix, in lexical order."""
        ...

    def delete(self, bucket: str, key: str) -> None:
        """Remove the object; removing what is not there is no error."""
        ...
