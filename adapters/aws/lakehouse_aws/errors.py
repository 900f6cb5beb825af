"""What can go wrong in a job, in one clear line each."""

from lakehouse_core.errors import LakehouseError


class ArgumentInvalid(LakehouseError):
    """A job argument that is missing or is not one of those that there are."""

    code = "argument-invalid"
    exit_code = 2


class BucketMissing(LakehouseError):
    """A bucket that is not there, or is another account's."""

    code = "bucket-missing"


class NotAllowed(LakehouseError):
    """The job's role may not do something that the job needs."""

    code = "not-allowed"


class AwsFailed(LakehouseError):
    """An AWS service answered with another error, or not at all."""

    code = "aws-failed"


class WriterHeld(LakehouseError):
    """Another run is writing to the table."""

    code = "writer-held"


class WriterLost(LakehouseError):
    """Another run took the table over while this one was at work."""

    code = "writer-lost"


class FormatFixed(LakehouseError):
    """A lake's tables have another format than the job was asked for."""

    code = "format-fixed"


class BronzeMissing(LakehouseError):
    """Files that a broken run began to take in are no longer in bronze."""

    code = "bronze-missing"


class RecordTooNew(LakehouseError):
    """A table's records are of a newer version's format."""

    code = "record-too-new"
