"""Partition projection: partitions that a table's properties compute, none of which the catalog has.

Definition: Athena's user guide, "Partition projection" (set up; supported types). Types enum, integer and date; a column
of type injected takes its values from the query's WHERE and is refused here.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from dateutil.relativedelta import relativedelta

from lakehouse_local.engines.athena.errors import QueryFailed, not_supported
from lakehouse_local.engines.athena.formats import UnknownFormat, joda
from lakehouse_local.engines.athena.model import Partition, Table

_TEMPLATE = "storage.location.template"
_NOW = re.compile(r"\s*NOW\s*(?:([+-])\s*(\d+)\s*(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?\s*)?", re.IGNORECASE)
_UNITS = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
_FINEST = (("%S", "seconds"), ("%M", "minutes"), ("%H", "hours"), ("%d", "days"), ("%m", "months"))
_FREE = {"days", "months"}
"""The precisions for which the interval may be left out: a day or a month then."""
_MOST = 1_000_000


def is_projected(table: Table) -> bool:
    """Whether the table's properties say where its partitions are."""
    return table.parameters.get("projection.enabled", "").strip().lower() == "true"


def partitions(table: Table, now: datetime) -> list[Partition]:
    """Every partition that the properties describe; QueryFailed for properties that describe none.

    Args:
        table: the table.
        now: what NOW means in a range of dates.
    """
    keys = [key.name for key in table.partition_keys]
    values = [list(itertools.islice(_values(table, key, now), _MOST)) for key in keys]
    return [
        Partition(each, _location(table, dict(zip(keys, each, strict=True)))) for each in itertools.product(*values)
    ]


def _values(table: Table, key: str, now: datetime) -> Iterator[str]:
    given = {
        name.removeprefix(f"projection.{key}."): value
        for name, value in table.parameters.items()
        if name.startswith(f"projection.{key}.")
    }
    match given.get("type", "").lower():
        case "enum":
            return iter(_property(table, key, given, "values").split(","))
        case "integer":
            return _integers(table, key, given)
        case "date":
            return _dates(table, key, given, now)
        case "injected":
            raise not_supported(
                f"the injected partition column '{key}' of '{table.database}.{table.name}' is not read here yet",
                "enum, integer and date are; or MSCK REPAIR TABLE without projection",
            )
        case kind:
            raise _invalid(table, key, f"the type {kind!r} is none of enum, integer, date, injected")


def _integers(table: Table, key: str, given: Mapping[str, str]) -> Iterator[str]:
    try:
        first, last = (int(part) for part in _property(table, key, given, "range").split(","))
        step, digits = int(given.get("interval", "1")), int(given.get("digits", "0"))
    except ValueError:
        raise _invalid(table, key, f"the range {given.get('range')!r} is no min,max of integers") from None
    if step < 1:
        raise _invalid(table, key, f"the interval {step} is not positive")
    return (f"{number:0{digits}d}" for number in range(first, last + 1, step))


def _dates(table: Table, key: str, given: Mapping[str, str], now: datetime) -> Iterator[str]:
    pattern = _property(table, key, given, "format")
    try:
        form = joda(pattern)
    except UnknownFormat:
        raise _invalid(table, key, f"the format {pattern!r} is not read here") from None
    ends = _property(table, key, given, "range").split(",")
    try:
        first, last = (_moment(end, form, now) for end in ends)
    except ValueError:
        raise _invalid(table, key, f"the range {','.join(ends)!r} is no from,to of {pattern} or NOW") from None
    precision = next((unit for letter, unit in _FINEST if letter in form), "years")
    if "interval" not in given and precision not in _FREE:
        raise _invalid(table, key, f"the format {pattern!r} needs an interval")
    unit = given.get("interval.unit", precision).lower().rstrip("s") + "s"
    if unit not in _UNITS or not given.get("interval", "1").isdecimal() or int(given.get("interval", "1")) < 1:
        raise _invalid(table, key, f"the interval {given.get('interval')!r} {unit} is none")
    interval = int(given.get("interval", "1"))
    steps = (first + _distance(unit, interval * count) for count in itertools.count())
    return (moment.strftime(form) for moment in itertools.takewhile(lambda moment: moment <= last, steps))


def _moment(text: str, form: str, now: datetime) -> datetime:
    """One end of a range: NOW, a time from it, or a literal in the format."""
    if match := _NOW.fullmatch(text):
        sign, amount, unit = match.groups()
        if sign is None:
            return now
        distance = _distance(f"{unit.lower()}s", int(amount))
        return now + distance if sign == "+" else now - distance
    return datetime.strptime(text.strip(), form).replace(tzinfo=UTC)


def _distance(unit: str, amount: int) -> relativedelta:
    given: Mapping[str, Any] = {unit: amount}
    return relativedelta(**given)


def _location(table: Table, values: Mapping[str, str]) -> str:
    template = table.parameters.get(_TEMPLATE)
    if template is None:
        folders = "/".join(f"{name}={value}" for name, value in values.items())
        return f"{table.location.rstrip('/')}/{folders}/"
    for name, value in values.items():
        if f"${{{name}}}" not in template:
            raise _invalid(table, name, f"{_TEMPLATE} {template!r} has no ${{{name}}}")
        template = template.replace(f"${{{name}}}", value)
    return template.rstrip("/") + "/"


def _property(table: Table, key: str, given: Mapping[str, str], name: str) -> str:
    if name not in given:
        raise _invalid(table, key, f"the property projection.{key}.{name} is missing")
    return given[name]


def _invalid(table: Table, key: str, what: str) -> QueryFailed:
    return QueryFailed(
        f"INVALID_TABLE_PROPERTY: The projected partition column '{key}' of '{table.database}.{table.name}': {what}",
        hint="ALTER TABLE ... SET TBLPROPERTIES",
    )
