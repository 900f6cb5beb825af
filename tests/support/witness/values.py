"""Values of PostgreSQL in one form, whoever wrote them: the table itself, DMS's text, or Debezium's JSON."""

import base64
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from psycopg2.extensions import INTEGERARRAY, STRINGARRAY, cursor

UNAVAILABLE = "__debezium_unavailable_value"
NOT_SENT = object()
"""Stands for a value that PostgreSQL did not send, because the update left it as it was."""

_TIME = re.compile(r"([+-]?\d{4,})-(\d\d)-(\d\d)(?:[ T](\d\d:\d\d:\d\d(?:\.\d+)?)(?:Z|\+00)?)?( BC)?")
_DAY = 86_400_000_000
_DAYS_IN_ERA, _YEARS_IN_ERA = 146_097, 400
# What the JDBC driver gives Debezium for a timestamp without end or beginning.
_ENDLESS = {9_223_372_036_825_200_000: "infinity", -9_223_372_036_832_400_000: "-infinity"}
AS_TEXT = frozenset({"time", "interval", "bytea", "text[]", "integer[]", "money", "bit"})
"""Types that our events have as PostgreSQL's text, and Debezium's as something else."""
_UNAVAILABLE: dict[str, Any] = {
    "bytea": base64.b64encode(UNAVAILABLE.encode()).decode(),
    "text[]": [UNAVAILABLE],
    "integer[]": list(UNAVAILABLE.encode()),
}
"""How Debezium says that a value was not sent where the word itself would be no value of the type."""
# Debezium counts a month as the twelfth of a year of 365.25 days.
_UNITS = {"year": 12 * 30.4375 * _DAY, "mon": 30.4375 * _DAY, "day": float(_DAY)}


def base_type(pg_type: str) -> str:
    """A type's name without its modifier: ``timestamp(3) without time zone`` -> ``timestamp``."""
    name = re.sub(r"\(.*?\)", "", pg_type)
    return name.removesuffix(" without time zone").replace("timestamp with time zone", "timestamptz").strip()


def from_text(pg_type: str, text: str) -> Any:
    """The value of PostgreSQL's text (session settings: ``capture.text.SESSION``)."""
    return _FROM_TEXT.get(base_type(pg_type), str)(text)


def from_json(pg_type: str, value: Any) -> Any:
    """The value of Debezium's JSON (decimals as strings, times adaptive in microseconds), or NOT_SENT."""
    name = base_type(pg_type)
    if value is None:
        return None
    if value == _UNAVAILABLE.get(name, UNAVAILABLE):
        return NOT_SENT
    if pg_type == "timestamp(3) without time zone":
        return value * 1000
    if name == "bit":
        width = int(pg_type.removeprefix("bit(").removesuffix(")"))
        return f"{int.from_bytes(base64.b64decode(value), 'little'):0{width}b}"
    return _FROM_JSON.get(name, _same)(value)


def from_capture(pg_type: str, value: Any) -> Any:
    """The value of our JSON: where it is text and Debezium's is not, PostgreSQL's text."""
    if value == UNAVAILABLE:
        return NOT_SENT
    if isinstance(value, str) and base_type(pg_type) in AS_TEXT | {"date", "timestamp"}:
        return from_text(pg_type, value)
    if isinstance(value, str) and value.lstrip("\\") == UNAVAILABLE:
        return value[1:]
    if isinstance(value, str) and value.endswith(" BC"):
        return from_text(pg_type, value)
    return from_json(pg_type, value)


def instant(text: str) -> int:
    """A time in UTC in microseconds since 1970, of any year, as PostgreSQL (``0044-... BC``) or ISO (``-0043-...``) has it."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"no time: {text!r}")
    year = 1 - int(found[1]) if found[5] else int(found[1])
    # The calendar repeats itself every 400 years; Python's knows the years 1 to 9999.
    eras, year = divmod(year - 1, _YEARS_IN_ERA)
    days = date(year + 1, int(found[2]), int(found[3])).toordinal() - date(1970, 1, 1).toordinal()
    return (days + eras * _DAYS_IN_ERA) * _DAY + (_clock(found[4]) if found[4] else 0)


def interval_micros(text: str) -> int:
    """An interval in microseconds, months and years by their mean."""
    total = sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(-?\d+) (year|mon|day)", text))
    clock = re.search(r"-?\d+:\d\d:\d\d(?:\.\d+)?", text)
    return round(total) + (_clock(clock[0]) if clock else 0)


def _clock(text: str) -> int:
    hours, minutes, seconds = text.removeprefix("-").split(":")
    micros = (int(hours) * 60 + int(minutes)) * 60_000_000 + int(Decimal(seconds) * 1_000_000)
    return -micros if text.startswith("-") else micros


def _number(value: Any) -> Any:
    """NaN as a text, because it equals itself."""
    return value if value == value else "NaN"  # noqa: PLR0124 - that is what NaN is


def _no_cursor() -> cursor | None:
    return None


def _same(value: Any) -> Any:
    return value


def _moment(text: str) -> Any:
    return text if "infinity" in text else instant(text)


def _day(text: str) -> Any:
    return text if "infinity" in text else instant(text) // _DAY


_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("smallint", "integer", "bigint"), int),
    "numeric": lambda text: _number(Decimal(text)),
    "money": lambda text: Decimal(text.replace("$", "").replace(",", "")),
    **dict.fromkeys(("real", "double precision"), lambda text: _number(float(text))),
    "boolean": lambda text: {"t": True, "f": False, "true": True, "false": False}[text],
    "date": _day,
    **dict.fromkeys(("timestamp", "timestamptz"), _moment),
    "time": _clock,
    "interval": interval_micros,
    "bytea": lambda text: bytes.fromhex(text.removeprefix(r"\x")),
    "character": lambda text: text.rstrip(" "),
    "text[]": lambda text: STRINGARRAY(text, _no_cursor()),
    "integer[]": lambda text: INTEGERARRAY(text, _no_cursor()),
}
_FROM_JSON: dict[str, Callable[[Any], Any]] = {
    "numeric": lambda value: _number(Decimal(value)),
    "money": Decimal,
    **dict.fromkeys(("real", "double precision"), lambda value: _number(float(value))),
    "timestamp": lambda value: _ENDLESS.get(value, value),
    "timestamptz": _moment,
    "bytea": base64.b64decode,
    "character": lambda value: value.rstrip(" "),
}
