"""Days and months in UTC, whatever the session's time zone, and what of them is over at ``as_of``.

Dates come from the instant's distance to the epoch, because Spark's own date functions follow the session's zone.
"""

from datetime import UTC, date, datetime

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse_core.errors import LakehouseError

_DAY = 86_400


class NaiveInstant(LakehouseError):
    """A moment without a time zone: it could mean any of 24 hours."""

    code = "naive-instant"
    exit_code = 2


def as_of_date(as_of: datetime) -> date:
    """The UTC date on which ``as_of`` falls; NaiveInstant if it has no zone."""
    if as_of.tzinfo is None:
        raise NaiveInstant(f"as_of {as_of.isoformat()} has no time zone", hint="give it one: as_of.replace(tzinfo=UTC)")
    return as_of.astimezone(UTC).date()


def as_of_month(as_of: datetime) -> date:
    """The first day of the UTC month in which ``as_of`` falls."""
    return as_of_date(as_of).replace(day=1)


def as_of_instant(as_of: datetime) -> Column:
    """``as_of`` as a timestamp literal, to the microsecond."""
    midnight = datetime.combine(as_of_date(as_of), datetime.min.time(), UTC)
    seconds = int(midnight.timestamp()) + (since := as_of - midnight).seconds
    return F.timestamp_micros(F.lit(seconds * 1_000_000 + since.microseconds))


def utc_date(instant: Column) -> Column:
    """The UTC date of a timestamp."""
    return F.date_from_unix_date(F.floor(F.unix_seconds(instant) / _DAY).cast("int"))


def utc_month(instant: Column) -> Column:
    """The first day of the UTC month of a timestamp."""
    return F.trunc(utc_date(instant), "month")


def midnight(day: Column) -> Column:
    """The instant at which a UTC date begins."""
    return F.timestamp_seconds(F.unix_date(day).cast("bigint") * _DAY)


def months(first: Column, last: Column) -> Column:
    """The first days of the months from ``first`` to ``last``, both included; NULL if ``last`` is earlier."""
    return F.when(first <= last, F.sequence(first, last, F.expr("interval 1 month")))


def day_is_complete(day: Column, as_of: datetime, *, days_after: int = 0) -> Column:
    """Whether the day, and ``days_after`` more, are over at ``as_of``."""
    return F.date_add(day, 1 + days_after) <= F.lit(as_of_date(as_of))


def month_is_complete(month: Column, as_of: datetime) -> Column:
    """Whether the month that begins on ``month`` is over at ``as_of``."""
    return F.add_months(month, 1) <= F.lit(as_of_date(as_of))
