"""What can go wrong with a question to the lake."""

from lakehouse_core.errors import LakehouseError


class UnknownTable(LakehouseError):
    """A name in a query that is no table of the lake."""

    code = "unknown-table"
    exit_code = 2


class AmbiguousTable(LakehouseError):
    """A short name that two layers have."""

    code = "ambiguous-table"
    exit_code = 2


class SqlRefused(LakehouseError):
    """A statement that is not one plain SELECT over the lake's tables."""

    code = "sql-refused"
    exit_code = 2


class SqlInvalid(LakehouseError):
    """SQL that does not parse or bind."""

    code = "sql-invalid"
    exit_code = 2


class QueryFailed(LakehouseError):
    """SQL that failed while it ran."""

    code = "query-failed"


class SnapshotCleaned(LakehouseError):
    """Files of an old snapshot have been cleaned away."""

    code = "snapshot-cleaned"


class SnapshotUnreadable(LakehouseError):
    """A table uses a feature that this reader does not have."""

    code = "snapshot-unreadable"


class LakeUnreachable(LakehouseError):
    """S3 did not answer."""

    code = "lake-unreachable"
