"""What a mart is: a name, a grain, its key, the frames that it needs and the pure function that builds it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pyspark.sql import DataFrame

from lakehouse_core.gold.periods import as_of_date, as_of_month
from lakehouse_core.gold.slices import Slices


class Clock(StrEnum):
    """What of ``as_of`` a mart's rows follow while its inputs stay as they are: nothing, its UTC year, month or day, or all."""

    NOTHING = "nothing"
    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    INSTANT = "instant"

    def of(self, as_of: datetime) -> str:
        """That part of ``as_of``, as text.

        >>> from datetime import UTC
        >>> Clock.MONTH.of(datetime(2026, 1, 31, 12, tzinfo=UTC))
        '2026-01-01'
        """
        match self:
            case Clock.NOTHING:
                return ""
            case Clock.YEAR:
                return str(as_of_date(as_of).year)
            case Clock.MONTH:
                return as_of_month(as_of).isoformat()
            case Clock.DAY:
                return as_of_date(as_of).isoformat()
            case Clock.INSTANT:
                return as_of.isoformat()


@dataclass(frozen=True)
class Measure:
    """One column of a mart for the glossary: its name, its unit and what it says."""

    column: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Mart:
    """One gold table.

    ``grain`` is one sentence; ``key`` the columns of that grain, unique together (NULL stands for "not known").
    ``build`` takes the frames named by ``inputs`` as keywords and ``as_of``, an aware datetime: the greatest business
    time taken in. A name in the plural is a reader's view of silver (current rows, contract and derived columns);
    ``<entity>_version`` has one row per captured version with the contract's columns, ``_op``, ``_position`` and
    ``_business_time``. ``measures`` are all columns that are not in the key, in their order.

    ``clock`` says when a run may leave the mart alone: as long as no input changed and that part of ``as_of`` is the
    same. A mart that reads the ages of ``invoices`` follows at least the day, because they do.

    ``slices`` say which of the rows changed inputs decide; None where every change may decide all of them. What such a
    mart's rows follow of ``as_of`` they follow only while their ``is_complete`` is false.

    ``cluster_by`` names a date by which the rows lie together in the table's files; None for a small table.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    inputs: tuple[str, ...]
    build: Callable[..., DataFrame]
    measures: tuple[Measure, ...]
    clock: Clock = Clock.INSTANT
    slices: Slices | None = None
    cluster_by: str | None = None
