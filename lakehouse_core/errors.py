"""The errors a user can meet: what was wrong, what exists, what to try."""

from typing import ClassVar


class LakehouseError(Exception):
    """Base of every error that is a user's to mend; shown as one message, never as a traceback.

    ``code`` names the kind of error for scripts and documents, ``hint`` says what to try.
    """

    code: ClassVar[str] = "lakehouse"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  try: {self.hint}" if self.hint else self.message


class UnknownEntity(LakehouseError):
    """A name that no contract has."""

    code = "unknown-entity"
    exit_code = 2


class ContractBroken(LakehouseError):
    """A frame lacks a column of its contract or holds it in another type."""

    code = "contract-broken"


class BlueprintInvalid(LakehouseError):
    """A blueprint that cannot work: names clash, or something in it refers to what is not there."""

    code = "blueprint-invalid"
    exit_code = 2


class ExtensionInvalid(LakehouseError):
    """A name of an extension that leads to no function from blueprint to blueprint."""

    code = "extension-invalid"
    exit_code = 2


class BlueprintChanged(LakehouseError):
    """The lake's tables were made by another blueprint: other tables, or other columns."""

    code = "blueprint-changed"


class RowsLost(LakehouseError):
    """Rows in are not kept + quarantined + superseded: a defect, so the run stops before it commits."""

    code = "rows-lost"


class TableMissing(LakehouseError):
    """A lake table that was never written."""

    code = "table-missing"


class ObjectMissing(LakehouseError):
    """S3 lacks an object that something else lists."""

    code = "object-missing"


class UnknownFormat(LakehouseError):
    """A name that no table format has."""

    code = "unknown-format"
    exit_code = 2


class MergeOnReadLacking(LakehouseError):
    """A table format has no merge-on-read tables."""

    code = "merge-on-read-lacking"
    exit_code = 2


class ClockBehind(LakehouseError):
    """The machine's clock is behind a Hudi table's newest commit: what it wrote would be hidden by what is there."""

    code = "clock-behind"


class CommitUnknown(LakehouseError):
    """A table has no such commit, or no longer the files that it needs."""

    code = "commit-unknown"


class NothingCaptured(LakehouseError):
    """A period has no changes to take in again."""

    code = "nothing-captured"
    exit_code = 2


__all__ = [
    "BlueprintInvalid",
    "CommitUnknown",
    "ContractBroken",
    "LakehouseError",
    "NothingCaptured",
    "ObjectMissing",
    "RowsLost",
    "TableMissing",
    "UnknownEntity",
    "UnknownFormat",
]
