"""What of `as_of` a mart follows, its inputs being the same: nothing more than its clock says."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from gold_support import Inputs

from lakehouse_core.gold import MARTS, Clock, Mart

MICROSECOND = timedelta(microseconds=1)


def span(clock: Clock, as_of: datetime) -> tuple[datetime, datetime]:
    """The first and the last moment that the clock does not tell from `as_of`."""
    day = as_of.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if clock is Clock.DAY:
        return day, day + timedelta(days=1) - MICROSECOND
    first = day.replace(day=1)
    if clock is Clock.MONTH:
        return first, (first + timedelta(days=31)).replace(day=1) - MICROSECOND
    first = first.replace(month=1)
    return first, first.replace(year=first.year + 1) - MICROSECOND


@pytest.mark.parametrize("mart", [m for m in MARTS if m.clock is not Clock.INSTANT], ids=lambda mart: mart.name)
def test_a_mart_follows_only_its_clock(
    mart: Mart, business: Inputs, built: Callable[..., list[dict[str, Any]]], as_of: datetime
) -> None:
    """From the first to the last moment of its clock's day, month or year the rows are the same; later they are not."""
    first, last = span(mart.clock, as_of)
    assert mart.clock.of(first) == mart.clock.of(last) == mart.clock.of(as_of)
    rows = built(mart, business, first)
    assert rows == built(mart, business, last)
    later = last + timedelta(days=32)
    if mart.clock is Clock.NOTHING:
        assert rows == built(mart, business, later)
        return
    assert mart.clock.of(later) != mart.clock.of(last)
    assert rows != built(mart, business, later)


@pytest.mark.parametrize("clock", [Clock.DAY, Clock.MONTH])
def test_a_clock_counts_in_utc(clock: Clock) -> None:
    """The same moment in another zone is the same day and month."""
    east = datetime.fromisoformat("2026-02-01T01:00:00+03:00")
    assert clock.of(east) == clock.of(east.astimezone(UTC)) < clock.of(datetime(2026, 2, 1, tzinfo=UTC))
