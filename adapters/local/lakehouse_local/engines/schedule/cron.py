"""Six-field cron in UTC, as EventBridge and Glue have it. Source: EventBridge User Guide, cron expressions."""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from lakehouse_core.errors import LakehouseError

_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}
_CRON = re.compile(r"cron\((.*)\)")
_NO_NAMES: dict[str, int] = {}
_YEARS = 8  # between two 29ths of February there may be eight years
FASTEST = timedelta(minutes=5)
Days = Callable[[date], bool]


class ScheduleInvalid(LakehouseError):
    """Not a cron expression, or one that Glue refuses."""

    code = "schedule-invalid"
    exit_code = 2


@dataclass(frozen=True)
class Cron:
    """An expression: the times of a day, and which days they are for."""

    times: tuple[time, ...]
    months: frozenset[int]
    years: frozenset[int]
    on_day: Days

    def after(self, moment: datetime) -> datetime | None:
        """The first time behind a moment; None if there is none within eight years."""
        at = moment.astimezone(UTC)
        day = at.date()
        for _ in range(_YEARS * 366):
            if day.year in self.years and day.month in self.months and self.on_day(day):
                for each in self.times:
                    found = datetime.combine(day, each, UTC)
                    if found > at:
                        return found
            day += timedelta(days=1)
        return None


def parse(expression: str) -> Cron:
    """A ``cron(minutes hours day-of-month month day-of-week year)``.

    >>> parse("cron(0/30 8-9 ? * MON-FRI *)").after(datetime(2024, 12, 6, 9, 30, tzinfo=UTC))
    datetime.datetime(2024, 12, 9, 8, 0, tzinfo=datetime.timezone.utc)

    Raises:
        ScheduleInvalid: anything else, and whatever fires more often than every five minutes.
    """
    match = _CRON.fullmatch(expression.strip())
    fields = match[1].split() if match else []
    if len(fields) != 6:
        raise ScheduleInvalid(f"{expression!r} is not cron(minutes hours day-of-month month day-of-week year)")
    minutes, hours, days, months, weekdays, years = (field.upper() for field in fields)
    if (days == "?") == (weekdays == "?"):
        raise ScheduleInvalid(f"{expression!r}: exactly one of day-of-month and day-of-week is ?")
    times = tuple(time(hour, minute) for hour in sorted(_set(hours, 0, 23)) for minute in sorted(_set(minutes, 0, 59)))
    found = Cron(
        times=times,
        months=frozenset(_set(months, 1, 12, _MONTHS)),
        years=frozenset(_set(years, 1970, 2199)),
        on_day=_month_days(days) if weekdays == "?" else _week_days(weekdays),
    )
    moments = [datetime.combine(date.min, each) for each in times]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    gaps.append(moments[0] + timedelta(days=1) - moments[-1])
    if min(gaps) < FASTEST:
        raise ScheduleInvalid(f"{expression!r} fires more often than every 5 minutes, which Glue refuses")
    return found


def _set(field: str, low: int, high: int, names: dict[str, int] = _NO_NAMES) -> set[int]:
    """The numbers of a field: ``*``, ``a``, ``a-b``, ``a/n``, ``a-b/n`` and lists of them."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        start = low if span == "*" else _number(first, names, field)
        end = _number(last, names, field) if dash else high if (step or span == "*") else start
        width = _number(step, _NO_NAMES, field) if step else 1
        if not (low <= start <= end <= high and width >= 1):
            raise ScheduleInvalid(f"{field!r} is not within {low}-{high}")
        found.update(range(start, end + 1, width))
    return found


def _number(text: str, names: dict[str, int], field: str) -> int:
    if text in names:
        return names[text]
    if not re.fullmatch("[0-9]{1,9}", text):
        raise ScheduleInvalid(f"{text!r} in {field!r} is no number")
    return int(text)


def _month_days(field: str) -> Days:
    if field == "L":
        return lambda day: day.day == _last(day)
    if nearest := re.fullmatch(r"([0-9]{1,2})W", field):
        return lambda day: day.day == _nearest_workday(day, int(nearest[1]))
    wanted = _set(field, 1, 31)
    return lambda day: day.day in wanted


def _week_days(field: str) -> Days:
    if last := re.fullmatch(r"(\w+?)L", field):
        number = _number(last[1], _DAYS, field)
        return lambda day: _weekday(day) == number and day.day > _last(day) - 7
    if nth := re.fullmatch(r"(\w+)#([1-5])", field):
        number, which = _number(nth[1], _DAYS, field), int(nth[2])
        return lambda day: _weekday(day) == number and (day.day - 1) // 7 + 1 == which
    wanted = _set(field, 1, 7, _DAYS)
    return lambda day: _weekday(day) in wanted


def _weekday(day: date) -> int:
    """1 is Sunday."""
    return day.isoweekday() % 7 + 1


def _last(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_workday(day: date, number: int) -> int:
    """The workday next to a day of the month, within the month."""
    wanted = min(number, _last(day))
    weekday = date(day.year, day.month, wanted).isoweekday()
    if weekday == 6:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == 7:
        return wanted + 1 if wanted < _last(day) else wanted - 2
    return wanted
