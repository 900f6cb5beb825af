"""Errors of the local adapter; each has a code of its own and says what to try."""

from lakehouse_core.errors import LakehouseError


class SettingInvalid(LakehouseError):
    """A LAKEHOUSE_* variable holds what it cannot mean."""

    code = "setting-invalid"
    exit_code = 2


class NotRunning(LakehouseError):
    """A command needs a running lakehouse and there is none."""

    code = "not-running"


class LeaseHeld(LakehouseError):
    """Another process is writing to the lake."""

    code = "lease-held"


class LeaseLost(LakehouseError):
    """Another writer took the lake over."""

    code = "lease-lost"


class BronzeFileMissing(LakehouseError):
    """A manifest lists an object that S3 does not have."""

    code = "bronze-file-missing"


class BronzeFileAltered(LakehouseError):
    """An object's bytes are not those that its manifest lists."""

    code = "bronze-file-altered"


class JavaMissing(LakehouseError):
    """Spark needs a Java version that is not here."""

    code = "java-missing"


class JarsUnavailable(LakehouseError):
    """Spark's jars are not in the cache and could not be fetched."""

    code = "jars-unavailable"


class JarsAltered(LakehouseError):
    """A jar in the cache is not the file that was pinned."""

    code = "jars-altered"


class SparkRefused(LakehouseError):
    """Spark did not start."""

    code = "spark-refused"


class SparkFailed(LakehouseError):
    """Spark, or a table format in it, could not do what it was asked to: S3 failed, memory ran out, a table is damaged."""

    code = "spark-failed"


class NoSuchTime(LakehouseError):
    """A time was asked for at which the lake held nothing."""

    code = "no-such-time"
    exit_code = 2


class LakeIncomplete(LakehouseError):
    """S3 lacks objects that the lake had held."""

    code = "lake-incomplete"


class CaptureBehind(LakehouseError):
    """The capture that another process does is too slow, or stuck."""

    code = "capture-behind"


class PlanUnreadable(LakehouseError):
    """Lineage met something in a frame's plan that it cannot follow."""

    code = "plan-unreadable"


class LakeNotEmpty(LakehouseError):
    """What is to be made anew has something in it."""

    code = "lake-not-empty"
    exit_code = 2


class FormatChanged(LakehouseError):
    """A run asked for another table format than the lake's tables have."""

    code = "format-changed"
    exit_code = 2


class StateTooNew(LakehouseError):
    """A file of ours that a newer version wrote."""

    code = "state-too-new"


class StateBroken(LakehouseError):
    """A file of ours that is damaged, or that somebody else wrote."""

    code = "state-broken"


class FileUnwritable(LakehouseError):
    """A file that the user names cannot be written."""

    code = "file-unwritable"


class ErasureUnfinished(LakehouseError):
    """An erasure was cut off; until it is finished nothing else writes to the lake."""

    code = "erasure-unfinished"
