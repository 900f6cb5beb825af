"""A value has one text, whether it comes by load (SQL) or by change (Python)."""

import pytest
from captured import Capture

NASTY: dict[str, list[str]] = {
    "boolean": ["true", "false"],
    "bigint": ["'9223372036854775807'", "'-9223372036854775808'", "0"],
    "numeric": ["'NaN'", "'Infinity'", "1e30", "0.000000000000001", "-0.50"],
    "numeric(12,2)": ["1.5", "-99999999.99", "'NaN'"],
    "double precision": ["'NaN'", "'-Infinity'", "1e308", "0.1", "1.0", "123456789.123456789", "'-0'"],
    "real": ["0.1", "1e-30"],
    "text": [
        "''",
        "' lead and trail '",
        r"'\N'",
        r"'\\N'",
        r"'\U'",
        r"'\\\U'",
        r"'\n'",
        r"'\.'",
        r"'\'",
        "'NULL'",
        """'"'""",
        "','",
        "'a' || chr(13) || chr(10) || 'b'",
        "chr(10)",
        "chr(13)",
        "chr(9)",
        "'=1+1'",
        "chr(65279) || 'bom'",
        "'\U0001f600 ẞ é'",
        r"'\N' || chr(10)",
        "repeat('x', 100000)",
    ],
    "varchar(5)": [r"'\N'", "'  '", "'abc'"],
    "char(5)": ["'ab'", r"'\N'", "''"],
    "date": ["'0001-01-01'", "'infinity'", "'-infinity'", "'0044-03-15 BC'", "'9999-12-31'", "'20000-01-01'"],
    "timestamptz": [
        "'2024-05-01 09:30:00+02'",
        "'2024-05-01 09:30:00.12+00'",
        "'0001-01-01 00:00:00+00'",
        "'0001-01-01 00:00:00+15:59:59'",
        "'0044-03-15 12:00:00.5+00 BC'",
        "'infinity'",
        "'-infinity'",
        "'9999-12-31 23:59:59.999999+00'",
        "'20000-01-01 00:00:00+00'",
        "'2016-12-31 23:59:60+00'",
    ],
    "timestamptz(3)": ["'2024-05-01 09:30:00.1239+00'"],
    "timestamp": ["'2024-05-01 09:30:00'", "'infinity'", "'0044-03-15 12:00:00 BC'", "'2024-03-31 02:30:00.000001'"],
    "time": ["'24:00:00'", "'09:30:00.5'"],
    "timetz": ["'09:30:00+02'"],
    "interval": ["'1 year 2 months 3 days 04:05:06.7'", "'-1 day'"],
    "uuid": ["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"],
    "json": ["""'  {"a":1,  "a":2}'""", """'"\\u0041"'"""],
    "jsonb": ["""'{"b": 1.50, "a": "x,\\"y\\""}'""", "'null'", """'"line\\nfeed"'"""],
    "bytea": [r"'\x00ff'", "''"],
    "text[]": ["ARRAY['a', NULL, 'NULL', '']", "'{}'"],
    "boolean[]": ["ARRAY[true, NULL]"],
    "timestamptz[]": ["ARRAY['2024-05-01 09:30:00+00'::timestamptz]"],
    "inet": ["'1.2.3.4'", "'::1/64'"],
    "cidr": ["'10.0.0.0/8'"],
    "money": ["'-1234.56'"],
    "int4range": ["'[1,5)'", "'empty'"],
    "point": ["'(1,2)'"],
    "mood": ["'sad'", r"'\N'"],
    "yesno": ["true"],
    "moment": ["'2024-05-01 09:30:00.1+00'"],
    "pair": ["ROW(1, 'a b')"],
    '"char"': ["'x'", r"'\'"],
    "name": [r"'\N'"],
    "tsvector": ["'a b'"],
    "bit(3)": ["B'101'"],
    "xml": ["'<a>1</a>'"],
    "money[]": ["ARRAY['1.5'::money]"],
}


def test_load_and_change_write_the_same_text(capture: Capture) -> None:
    """Every nasty value reads the same from the load's file and from the file of changes."""
    capture.sql(
        r"CREATE TYPE mood AS ENUM ('sad', '\N')",
        "CREATE DOMAIN yesno AS boolean",
        "CREATE DOMAIN moment0 AS timestamptz",
        "CREATE DOMAIN moment AS moment0",
        "CREATE TYPE pair AS (a int, b text)",
    )
    columns = ", ".join(f"c{n} {pg_type}" for n, pg_type in enumerate(NASTY))
    capture.sql(f"CREATE TABLE nasty (id bigint PRIMARY KEY, {columns})")
    rows = []
    for n, (pg_type, values) in enumerate(NASTY.items()):
        rows += [f"INSERT INTO nasty (id, c{n}) VALUES (%d, ({value})::{pg_type})" for value in [*values, "NULL"]]
    capture.sql(*(row % at for at, row in enumerate(rows)))
    capture.load()
    capture.sql(*(row % (at + 1000) for at, row in enumerate(rows)))
    capture.drain()
    loaded = {int(line[2]): tuple(line[3 : 3 + len(NASTY)]) for line in capture.loaded("public.nasty")}
    changed = {int(c.values[0]) - 1000: c.values[1:] for c in capture.changes()}
    assert len(loaded) == len(changed) == len(rows)
    for at, row in enumerate(rows):
        assert loaded[at] == changed[at], row


@pytest.mark.parametrize(
    ("pg_type", "value", "text"),
    [
        ("boolean", "true", "true"),
        ("timestamptz", "'2024-05-01 09:30:00+02'", "2024-05-01 07:30:00.000000"),
        ("timestamptz", "'0044-03-15 12:00:00.5+00 BC'", "0044-03-15 12:00:00.500000 BC"),
        ("timestamptz", "'infinity'", "infinity"),
        ("date", "'0044-03-15 BC'", "0044-03-15 BC"),
        ("text", r"'\N'", r"\\N"),
        ("text", r"'\\U'", r"\\\U"),
        ("text", r"'\Nx'", r"\Nx"),
        ("char(5)", "'ab'", "ab"),
        ("numeric(12,2)", "1.5", "1.50"),
        ("bytea", r"'\x00ff'", r"\x00ff"),
        ("text", "NULL", r"\N"),
    ],
)
def test_the_text_is_as_documented(capture: Capture, pg_type: str, value: str, text: str) -> None:
    """The text of a value in the load's file."""
    capture.sql(f"CREATE TABLE t (id int PRIMARY KEY, v {pg_type})", f"INSERT INTO t VALUES (1, {value})")
    capture.load()
    assert capture.loaded("public.t")[0][3] == text
