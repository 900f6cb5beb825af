"""What Spark or its JVM throws, as an error of ours for the command line; a program gets the exception itself."""

import sys
import traceback
from datetime import UTC, datetime

from lakehouse_local.errors import SparkFailed
from lakehouse_local.settings import Settings

_LONGEST_CAUSE = 500


def named(problem: Exception, settings: Settings) -> SparkFailed | None:
    """The error for what happened in Spark, all of it kept in the home's logs; None if it did not happen there."""
    if not _from_spark(problem):
        return None
    log = settings.home / "logs" / "failures.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n")
        traceback.print_exception(problem, file=file)
    return SparkFailed(
        f"Spark failed, and nothing of this run counts: {_cause(problem)[:_LONGEST_CAUSE]}",
        hint=f"lakehouse status (is S3 there?), then the same command again; all that Spark said is in {log}",
    )


def _from_spark(problem: Exception) -> bool:
    # What was never imported threw nothing, and importing it takes longer than most commands.
    if "py4j" not in sys.modules:
        return False
    from py4j.protocol import Py4JError  # noqa: PLC0415
    from pyspark.errors import PySparkException  # noqa: PLC0415

    return isinstance(problem, Py4JError | PySparkException)


def _cause(problem: Exception) -> str:
    """The innermost cause, which says what went wrong; the outer ones say where."""
    thrown = getattr(problem, "java_exception", None) or getattr(problem, "_origin", None)
    if thrown is None:
        return str(problem).strip().splitlines()[0]
    try:
        while (inner := thrown.getCause()) is not None:
            thrown = inner
        return str(thrown.toString()).splitlines()[0]
    except Exception:  # noqa: BLE001 - the JVM that would tell may be gone
        return type(problem).__name__
