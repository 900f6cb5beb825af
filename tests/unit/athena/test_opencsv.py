"""OpenCSVSerde's fields: the cases that Trino's own reader is known by, and the SQL that cuts most lines."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_local.engines.athena.sandbox import opencsv

CONNECTION = duckdb.connect()
opencsv.define(CONNECTION)
SERDES = ({}, {"escapeChar": '"'}, {"separatorChar": "\t", "quoteChar": "'", "escapeChar": "^"})


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("1,2", ["1", "2"]),
        (",", ["", ""]),
        (r"\N,\\N,a\N", ["N", "N", "aN"]),
        (r'"\N","\\","\""', ["N", "\\", '"']),
        ('"a ""b"", c",""', ['a "b", c', ""]),
        ('xxx,a"b"c', ["xxx", 'a"b"c']),
        ('a,b,  "c"', ["a", "b", "c"]),
        ('1,"the line ends', ["1"]),
        ('of this","2"', []),
    ],
)
def test_fields(line: str, fields: list[str]) -> None:
    """Backslashes go, doubled quotes halve, stray quotes stay, an open field is none."""
    assert opencsv.fields(line, ",", '"', "\\") == fields


@pytest.mark.parametrize("serde", SERDES)
@settings(max_examples=300, deadline=None)
@given(line=st.text(alphabet="ab\"'\\^,\tN é", min_size=1, max_size=16))
def test_the_sql_gives_the_same(serde: dict[str, str], line: str) -> None:
    """Whichever way a line is cut."""
    escape = serde.get("escapeChar", "\\").replace('"', "\\")
    wanted = opencsv.fields(line, serde.get("separatorChar", ","), serde.get("quoteChar", '"'), escape)
    ((got,),) = CONNECTION.execute(
        f"select {opencsv.expression('l', serde)} from (select ?::varchar as l)", [line]
    ).fetchall()
    assert got == wanted
