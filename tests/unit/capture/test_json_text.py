r"""Debezium's JSON of PostgreSQL's values, and the way back, without a database."""

import json

import pytest

from lakehouse_local.capture import text
from lakehouse_local.capture.json_text import UNAVAILABLE, dms_text, renderer

VALUES = [
    ("bigint", b"-5", "-5"),
    ("double precision", b"1e+20", "1e+20"),
    ("double precision", b"NaN", '"NaN"'),
    ("boolean", b"t", "true"),
    ("numeric(12,2)", b"1.50", '"1.50"'),
    ("numeric", b"NaN", '"NaN"'),
    ("date", b"2024-05-01", "19844"),
    ("date", b"0001-01-01", "-719162"),
    ("date", b"infinity", '"infinity"'),
    ("date", b"0044-03-15 BC", '"0044-03-15 BC"'),
    ("timestamp without time zone", b"2024-05-01 07:30:00.12", "1714548600120000"),
    ("timestamp(3) without time zone", b"1969-12-31 23:59:59.999", "-1"),
    ("timestamp with time zone", b"2024-05-01 07:30:00+00", '"2024-05-01T07:30:00.000000Z"'),
    ("timestamp(3) with time zone", b"2024-05-01 07:30:00.12+00", '"2024-05-01T07:30:00.120Z"'),
    ("timestamp(0) with time zone", b"2024-05-01 07:30:00+00", '"2024-05-01T07:30:00Z"'),
    ("timestamptz", b"-infinity", '"-infinity"'),
    ("timestamptz", b"10000-01-01 00:00:00+00", '"10000-01-01 00:00:00+00"'),
    ("text", 'a "b" \\ ünï😀\n\x01'.encode(), r'"a \"b\" \\ ünï😀\n\u0001"'),
    ("text", rb"\N", r'"\\N"'),
    ("varchar(9)", b"", '""'),
    ("text", UNAVAILABLE.encode(), rf'"\\{UNAVAILABLE}"'),
    ("text", rf"\\{UNAVAILABLE}".encode(), rf'"\\\\\\{UNAVAILABLE}"'),
    ("text", f"{UNAVAILABLE}s".encode(), f'"{UNAVAILABLE}s"'),
    ("jsonb", b'{"a": "b"}', r'"{\"a\": \"b\"}"'),
    ("character(3)", b"a  ", '"a  "'),
    ("uuid", b"6b9c", '"6b9c"'),
    ("integer[]", b"{1,NULL}", '"{1,NULL}"'),
]


@pytest.mark.parametrize(("pg_type", "given", "expected"), VALUES)
def test_json_and_back(pg_type: str, given: bytes, expected: str) -> None:
    """PostgreSQL's output becomes Debezium's JSON, which says the same as DMS's text of the value."""
    render = renderer(pg_type)
    assert (given if render is None else render(given)).decode() == expected
    value = json.loads(expected, parse_int=str, parse_float=str)
    if isinstance(value, bool):
        value = "true" if value else "false"
    dms = text.renderer(pg_type)
    assert dms_text(pg_type)(value).encode() == (given if dms is None else dms(given))
