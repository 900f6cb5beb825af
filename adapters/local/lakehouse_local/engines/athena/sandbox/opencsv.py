r"""A line of a table with OpenCSVSerde, cut into fields as Athena's engine (Trino's ``CsvDeserializer``) does it.

The escape character (a backslash where none is said) always goes; a quote or an escape after it stays if the field has
begun. So DMS's ``\N`` is read as ``N``. A doubled quote within a field is one. A field that is still open at the end of
the line is NULL, and so is one that the line does not have: a line is a row, whatever the quotes say.

Almost all lines are cut by two expressions of DuckDB's; ``fields`` is the rule, and cuts those that are not regular.
"""

from collections.abc import Mapping

import duckdb
import numpy as np  # noqa: F401 - DuckDB asks for it where a function is Python's, and a confined process can load nothing

from lakehouse_local.engines.athena.sandbox.sql import literal

FUNCTION = "opencsv_fields"


def fields(line: str, separator: str, quote: str, escape: str) -> list[str]:
    r"""The fields of one line.

    >>> fields(r'1,"a ""b"", c",\N,"x\"y\z",,stray"quote', ",", '"', "\\")
    ['1', 'a "b", c', 'N', 'x"yz', '', 'stray"quote']
    >>> fields('1,"open', ",", '"', "\\")
    ['1']
    """
    done: list[str] = []
    field: list[str] = []
    quoted = begun = False
    at = 0
    while at < len(line):
        char, following = line[at], line[at + 1 : at + 2]
        if char == escape:
            if (quoted or begun) and following in {quote, escape}:
                field.append(following)
                at += 1
        elif char == quote:
            if (quoted or begun) and following == quote:
                field.append(quote)
                at += 1
            else:
                # In the middle of a field it is a character, and yet it opens or closes; the first three places are not looked at.
                if at > 2 and line[at - 1] != separator and following not in {"", separator}:
                    if field and not "".join(field).strip():
                        field.clear()
                    else:
                        field.append(quote)
                quoted = not quoted
            begun = not begun
        elif char == separator and not quoted:
            done.append("".join(field))
            field.clear()
            begun = False
        else:
            field.append(char)
            begun = True
        at += 1
    return done if quoted else [*done, "".join(field)]


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Give DuckDB the rule, for the lines that are not regular."""
    text = "varchar"
    connection.create_function(FUNCTION, fields, [text, text, text, text], "varchar[]")


def expression(line: str, serde: Mapping[str, str]) -> str:
    """SQL for a line's fields, a list of texts; ``line`` is SQL for the line, NULL for one without a character."""
    separator, quote = serde.get("separatorChar") or ",", serde.get("quoteChar") or '"'
    # Hive takes a double quote as escape character for the backslash, and so does Athena.
    escape = (serde.get("escapeChar") or "\\").replace('"', "\\")
    s, q, e = (rf"\x{{{ord(char):x}}}" for char in (separator, quote, escape))
    inside = f"(?:[^{q}{e}]|{q}{q}|{e}.)*"
    field = f"{s}({q}{inside}{q}|[^{q}{s}]*)"
    regular = f"(?s)(?:{s}(?:{q}{inside}{q}|[^{q}{s}]*))*"
    texts = [literal(text) for text in (separator, quote, escape)]
    padded = f"{texts[0]} || {line}"
    unquoted = f"regexp_replace(regexp_replace(x, '^{e}+', ''), '{e}([{q}{e}]?)', '\\1', 'g')"
    within = f"regexp_replace(x[2:-2], '({q}){q}|{e}(.)', '\\1\\2', 'gs')"
    value = f"case when starts_with(x, {texts[1]}) then {within} else {unquoted} end"
    return (
        f"case when not contains({line}, {texts[1]}) and not contains({line}, {texts[2]}) "
        f"then string_split({line}, {texts[0]}) "
        f"when regexp_full_match({padded}, '{regular}') "
        f"then list_transform(regexp_extract_all({padded}, '{field}', 1, 's'), lambda x: {value}) "
        f"else {FUNCTION}({line}, {', '.join(texts)}) end"
    )
