r"""Debezium's JSON of a PostgreSQL value: one definition for changes (Python) and for loads (SQL), and the way back.

Definition: Debezium's PostgreSQL connector, "Data type mappings", with ``decimal.handling.mode=string`` and
``time.precision.mode=adaptive_time_microseconds``, as Kafka's JSON converter writes it:

- integers, oid, real and double: JSON numbers (NaN and infinity: strings); boolean: true, false;
- numeric: a string with its scale (``"1.50"``);
- date: days since 1970-01-01; timestamp: microseconds since 1970-01-01 (milliseconds up to precision 3);
- timestamptz: an ISO 8601 string in UTC with as many decimals as its precision, ``"2024-05-01T07:30:00.120000Z"``;
- text, json, jsonb, uuid and all others: a string with PostgreSQL's own output.

A text that is itself :data:`UNAVAILABLE`, or that with backslashes in front, has one more backslash in front.

Three points differ from Debezium: that backslash (Debezium leaves such a text to be mistaken). Types without a row of their own above (time, interval, bytea, arrays, money ...) are
PostgreSQL's text, where Debezium has numbers, base64 or arrays. Dates and times outside of the years 1 to 9999 are
PostgreSQL's text as well (``"infinity"``, ``"0044-03-15 BC"``), where Debezium has numbers that stand for them.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import Enum

from lakehouse_local.capture.text import Kind, kind, may_need_quotes
from lakehouse_local.capture.text import renderer as dms_renderer

UNAVAILABLE = "__debezium_unavailable_value"
"""``unavailable.value.placeholder``: PostgreSQL did not send the value, because the update left it as it was."""


class Form(Enum):
    """The JSON that a type's values have."""

    NUMBER = "digits as they are"
    FLOAT = "digits, or a string where JSON has no number"
    BOOLEAN = "true or false"
    DAYS = "days since 1970"
    MICROS = "microseconds since 1970"
    MILLIS = "milliseconds since 1970"
    INSTANT = "ISO 8601 in UTC"
    TEXT = "a string"


_FORMS = {
    **dict.fromkeys(("smallint", "integer", "bigint", "int2", "int4", "int8", "oid"), Form.NUMBER),
    **dict.fromkeys(("real", "double precision", "float4", "float8"), Form.FLOAT),
    **dict.fromkeys(("boolean", "bool"), Form.BOOLEAN),
    "date": Form.DAYS,
    **dict.fromkeys(("timestamp", "timestamp without time zone"), Form.MICROS),
    **dict.fromkeys(("timestamptz", "timestamp with time zone"), Form.INSTANT),
}
_PRECISION = re.compile(r"\((\d)\)")
_MODIFIER = re.compile(r"\([^)]*\)")
_ESCAPED = re.compile(rb'[\x00-\x1f"\\]')
_LIKE_UNAVAILABLE = re.compile(rb"\\*" + UNAVAILABLE.encode())
_FINITE = re.compile(rb"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_DAY = re.compile(rb"(?!0000)\d{4}-\d\d-\d\d")
_TIME = re.compile(rb"((?!0000)\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:\+00)?")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z")
_DAY_ZERO = date(1970, 1, 1)
_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def form(pg_type: str) -> Form:
    """The form of a type, by its SQL name (of the base type, for a domain).

    >>> form("timestamp(3) without time zone"), form("numeric(12,2)")
    (<Form.MILLIS: 'milliseconds since 1970'>, <Form.TEXT: 'a string'>)
    """
    found = _FORMS.get(" ".join(_MODIFIER.sub("", pg_type).split()), Form.TEXT)
    return Form.MILLIS if found is Form.MICROS and _decimals(pg_type) <= 3 else found


def _decimals(pg_type: str) -> int:
    """The decimals of a second that a type has."""
    found = _PRECISION.search(pg_type)
    return int(found[1]) if found else 6


def quoted(value: bytes) -> bytes:
    r"""A UTF-8 text as a JSON string, as PostgreSQL's to_json(text) writes it.

    >>> quoted(b"a"), quoted(b'6" pipe')
    (b'"a"', b'"6\\" pipe"')
    """
    if _ESCAPED.search(value) is None:
        return b'"' + value + b'"'
    return json.dumps(value.decode(), ensure_ascii=False).encode()


def renderer(pg_type: str) -> Callable[[bytes], bytes] | None:
    """What turns PostgreSQL's output (:data:`lakehouse_local.capture.text.SESSION`) into JSON; None where it is JSON."""
    found = form(pg_type)
    if found is Form.TEXT and not may_need_quotes(pg_type):
        return _plain
    if found is Form.INSTANT:
        decimals = _decimals(pg_type)
        return lambda value: _instant(value, decimals)
    return _RENDERERS[found]


def json_sql(column: str, pg_type: str) -> str:
    """The SQL twin of :func:`renderer`: an expression of type text, NULL where the column is.

    Args:
        column: an SQL expression for the value, already quoted (``"name"``).
        pg_type: its type as ``format_type`` prints it (the base type, for a domain).
    """
    match kind(pg_type):
        case Kind.PLAIN:
            text = f"to_json({column}::text)::text"
        case Kind.TEXT:
            text = _text_sql(column)
        case _:  # some casts to text differ from the type's output function, which the replication stream uses
            text = _text_sql(f"format('%s', {column})")
    four_digits = f"isfinite({column}) AND {column} >= '0001-01-01' AND {column} < '10000-01-01'"
    match form(pg_type):
        case Form.NUMBER | Form.BOOLEAN:
            return f"{column}::text"
        case Form.FLOAT:
            return f"(CASE WHEN {column}::text ~ '^-?[0-9]' THEN {column}::text ELSE {_unless_null(column, text)} END)"
        case Form.DAYS:
            value = f"({column} - '1970-01-01'::date)::text"
        case Form.MICROS | Form.MILLIS as found:
            factor = 1_000_000 if found is Form.MICROS else 1_000
            value = f"(extract(epoch FROM {column}) * {factor})::bigint::text"
        case Form.INSTANT:
            decimals = _decimals(pg_type)
            fraction = f".FF{decimals}" if decimals else ""
            value = f"""'"' || to_char({column}, 'YYYY-MM-DD"T"HH24:MI:SS{fraction}"Z"') || '"'"""
        case Form.TEXT:
            return _unless_null(column, text)
    return f"(CASE WHEN {four_digits} THEN {value} ELSE {_unless_null(column, text)} END)"


def dms_text(pg_type: str) -> Callable[[str], str]:
    """The way back: JSON's string, or the digits of its number, as DMS's text (:mod:`lakehouse_local.capture.text`)."""
    back = _BACK.get(form(pg_type), _same)
    render = dms_renderer(pg_type)
    if render is None:
        return back
    return lambda value: render(back(value).encode()).decode()


def _text_sql(text: str) -> str:
    return (
        rf"to_json(CASE WHEN {text} LIKE '%\_\_debezium%' AND {text} ~ '^\\*{UNAVAILABLE}$' "
        rf"THEN '\' || {text} ELSE {text} END)::text"
    )


def _text(value: bytes) -> bytes:
    if value.endswith(b"_unavailable_value") and _LIKE_UNAVAILABLE.fullmatch(value):
        value = b"\\" + value
    return quoted(value)


def _from_text(value: str) -> str:
    return value[1:] if value.startswith("\\") and _LIKE_UNAVAILABLE.fullmatch(value.encode()) else value


def _unless_null(column: str, text: str) -> str:
    return f"(CASE WHEN {column} IS NOT NULL THEN {text} END)"


def _plain(value: bytes) -> bytes:
    """A text in which nothing has to be escaped."""
    return b'"' + value + b'"'


def _float(value: bytes) -> bytes:
    return value if _FINITE.fullmatch(value) else quoted(value)


def _boolean(value: bytes) -> bytes:
    return b"true" if value == b"t" else b"false"


def _days(value: bytes) -> bytes:
    if not _DAY.fullmatch(value):  # infinity, BC, five digits
        return quoted(value)
    return str((date.fromisoformat(value.decode()) - _DAY_ZERO).days).encode()


def _micros(value: bytes) -> bytes:
    found = _TIME.fullmatch(value)
    if found is None:
        return quoted(value)
    at = datetime.fromisoformat(f"{found[1].decode()}T{found[2].decode()}+00:00") - _ZERO
    return str(at // _MICROSECOND + int((found[3] or b"").ljust(6, b"0"))).encode()


def _millis(value: bytes) -> bytes:
    micros = _micros(value)
    return micros if micros.startswith(b'"') else str(int(micros) // 1000).encode()


def _instant(value: bytes, decimals: int) -> bytes:
    found = _TIME.fullmatch(value)
    if found is None:
        return quoted(value)
    fraction = b"." + (found[3] or b"").ljust(decimals, b"0") if decimals else b""
    return b'"' + found[1] + b"T" + found[2] + fraction + b'Z"'


def _same(value: str) -> str:
    return value


def _from_boolean(value: str) -> str:
    return "t" if value == "true" else "f"


def _from_days(value: str) -> str:
    return (_DAY_ZERO + timedelta(days=int(value))).isoformat() if value.lstrip("-").isdigit() else value


def _from_micros(value: str) -> str:
    if not value.lstrip("-").isdigit():
        return value
    return (_ZERO + int(value) * _MICROSECOND).replace(tzinfo=None).isoformat(" ", "microseconds")


def _from_millis(value: str) -> str:
    return _from_micros(f"{value}000") if value.lstrip("-").isdigit() else value


def _from_instant(value: str) -> str:
    found = _ISO.fullmatch(value)
    return f"{found[1]} {found[2]}.{(found[3] or '').ljust(6, '0')}" if found else value


_RENDERERS: dict[Form, Callable[[bytes], bytes] | None] = {
    Form.NUMBER: None,
    Form.FLOAT: _float,
    Form.BOOLEAN: _boolean,
    Form.DAYS: _days,
    Form.MICROS: _micros,
    Form.MILLIS: _millis,
    Form.TEXT: _text,
}
_BACK: dict[Form, Callable[[str], str]] = {
    Form.BOOLEAN: _from_boolean,
    Form.DAYS: _from_days,
    Form.MICROS: _from_micros,
    Form.MILLIS: _from_millis,
    Form.INSTANT: _from_instant,
    Form.TEXT: _from_text,
}
