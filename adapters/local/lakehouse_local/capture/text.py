r"""DMS's text of a PostgreSQL value: one definition for captured changes (Python) and for loads and proofs (SQL).

The text is PostgreSQL's own output (DateStyle ISO, TimeZone UTC, shortest floats, bytea hex), except

- boolean is ``true`` / ``false``;
- timestamp and timestamptz have six decimals and no offset: ``2024-05-01 09:30:00.120000`` (UTC);
- character(n) has no trailing spaces (DMS's TrimSpaceInChar);
- a text that is itself a marker (``\N``, ``\\N``, ``\U`` ...) has one more backslash in front.

Both forms are held together by a test that sends the same values through a load and through a change.
"""

import re
from collections.abc import Callable
from enum import Enum

SESSION = {
    "TimeZone": "UTC",
    "DateStyle": "ISO,YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "xmloption": "content",
    "client_encoding": "UTF8",
}
"""The session settings under which PostgreSQL's output is canonical."""


class Kind(Enum):
    """How a type's text differs from PostgreSQL's output."""

    PLAIN = "as PostgreSQL prints it, and never a marker"
    BOOLEAN = "true or false"
    TIMESTAMP = "six decimals, no offset"
    CHARACTER = "trailing spaces off, markers escaped"
    TEXT = "markers escaped"
    OTHER = "as PostgreSQL's output function prints it, markers escaped"


_NUMBERS = (
    *("smallint", "integer", "bigint", "int2", "int4", "int8", "oid"),
    *("numeric", "decimal", "real", "double precision", "float4", "float8"),
)
_KINDS = {
    **dict.fromkeys((*_NUMBERS, "date", "uuid", "json", "jsonb"), Kind.PLAIN),
    **dict.fromkeys(("time", "time without time zone", "interval"), Kind.PLAIN),
    **dict.fromkeys(("boolean", "bool"), Kind.BOOLEAN),
    **dict.fromkeys(("timestamptz", "timestamp with time zone"), Kind.TIMESTAMP),
    **dict.fromkeys(("timestamp", "timestamp without time zone"), Kind.TIMESTAMP),
    **dict.fromkeys(("text", "varchar", "character varying"), Kind.TEXT),
    **dict.fromkeys(("character", "bpchar", "char"), Kind.CHARACTER),
}
_UNQUOTED = frozenset(
    {*_NUMBERS, "date", "uuid"} | {name for name, each in _KINDS.items() if each in (Kind.BOOLEAN, Kind.TIMESTAMP)}
)
_MODIFIER = re.compile(r"\([^)]*\)")
_MARKER = re.compile(rb"\\+[NU]")
_TIMESTAMP = re.compile(rb"(\d+-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:\+00)?( BC)?")


def kind(pg_type: str) -> Kind:
    """The kind of a type, by its SQL name (of the base type, for a domain).

    >>> kind("timestamp(3) with time zone"), kind("varchar(64)"), kind("text[]")
    (<Kind.TIMESTAMP: 'six decimals, no offset'>, <Kind.TEXT: 'markers escaped'>, \
<Kind.OTHER: "as PostgreSQL's output function prints it, markers escaped">)
    """
    return _KINDS.get(_base(pg_type), Kind.OTHER)


def _base(pg_type: str) -> str:
    return " ".join(_MODIFIER.sub("", pg_type).split())


def renderer(pg_type: str) -> Callable[[bytes], bytes] | None:
    """What turns PostgreSQL's output into DMS's text; None where they are the same."""
    return _RENDERERS[kind(pg_type)]


def may_need_quotes(pg_type: str) -> bool:
    """Whether a text of the type may be empty, or hold what CSV quotes: numbers, dates, truths and UUIDs never do.

    >>> may_need_quotes("numeric(12,2)"), may_need_quotes("jsonb")
    (False, True)
    """
    return _base(pg_type) not in _UNQUOTED


def dms_text_sql(column: str, pg_type: str) -> str:
    """The SQL twin of :func:`renderer`: an expression of type text, NULL where the column is.

    Args:
        column: an SQL expression for the value, already quoted (``"name"`` or ``t."name"``).
        pg_type: its type as ``format_type`` prints it (the base type, for a domain) or as a contract has it.

    The session must have the settings of :data:`SESSION`.
    """
    match kind(pg_type):
        case Kind.PLAIN | Kind.BOOLEAN:
            return f"{column}::text"
        case Kind.TIMESTAMP:
            return (
                f"(CASE WHEN NOT isfinite({column}) THEN {column}::text "
                f"WHEN {column} >= '0001-01-01' THEN to_char({column}, 'YYYY-MM-DD HH24:MI:SS.US') "
                f"ELSE to_char({column}, 'YYYY-MM-DD HH24:MI:SS.US BC') END)"
            )
        case Kind.TEXT:
            return _escaped_sql(column)
        case Kind.CHARACTER:
            return _escaped_sql(f"({column}::text)")
        case Kind.OTHER:
            # format() asks the type's output function, as the replication stream does; some casts to text differ (inet).
            printed = _escaped_sql(f"format('%s', {column})")
            return f"(CASE WHEN {column} IS NOT NULL THEN {printed} END)"


def _escaped_sql(text: str) -> str:
    return rf"(CASE WHEN starts_with({text}, '\') AND {text} ~ '^\\+[NU]$' THEN '\' || {text} ELSE {text} END)"


def _boolean(value: bytes) -> bytes:
    return b"true" if value == b"t" else b"false"


def _timestamp(value: bytes) -> bytes:
    parts = _TIMESTAMP.fullmatch(value)
    if parts is None:  # infinity, -infinity
        return value
    return parts[1] + b"." + (parts[2] or b"").ljust(6, b"0") + (parts[3] or b"")


def _escaped(value: bytes) -> bytes:
    return b"\\" + value if value[:1] == b"\\" and _MARKER.fullmatch(value) else value


def _character(value: bytes) -> bytes:
    return _escaped(value.rstrip(b" "))


_RENDERERS: dict[Kind, Callable[[bytes], bytes] | None] = {
    Kind.PLAIN: None,
    Kind.BOOLEAN: _boolean,
    Kind.TIMESTAMP: _timestamp,
    Kind.CHARACTER: _character,
    Kind.TEXT: _escaped,
    Kind.OTHER: _escaped,
}
