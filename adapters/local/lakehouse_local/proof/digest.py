r"""The fingerprint of a table: its rows' count and the sum of 60 bits of the md5 of each row's text.

A row's text is its columns in DMS's text (:mod:`lakehouse_local.capture.text`), NULL as ``\N``, joined by U+001F.
The sum does not depend on the order of rows and, unlike XOR, sees a row that is there twice.
Each function gives SQL for one dialect; ``fields`` are expressions of type text that are never NULL.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse_core.contracts import Column
from lakehouse_local.capture.text import Kind, dms_text_sql, kind


@dataclass(frozen=True)
class Digest:
    """A table's fingerprint."""

    rows: int
    total: int


def postgres_field(name: str, pg_type: str) -> str:
    """A column of the source as text."""
    return rf"coalesce({dms_text_sql(quoted(name), pg_type)}, '\N')"


def duckdb_field(column: Column) -> str:
    """A typed column of a lake's table, turned back into the source's text."""
    name = quoted(column.name)
    match kind(column.source_type):
        case Kind.TIMESTAMP:
            text = f"strftime(make_timestamp(epoch_us({name})), '%Y-%m-%d %H:%M:%S.%f')"
        case Kind.TEXT | Kind.CHARACTER | Kind.OTHER:
            text = rf"if(starts_with({name}, '\') and regexp_full_match({name}, '\\+[NU]'), '\' || {name}, {name})"
        case _:
            text = f"{name}::varchar"
    return rf"coalesce({text}, '\N')"


def row_text(fields: Sequence[str]) -> str:
    """A row's text, in either dialect."""
    return f"concat_ws(chr(31), {', '.join(fields)})"


def postgres_hash(text: str) -> str:
    """60 bits of a text's md5 as a bigint, in PostgreSQL."""
    return f"('x' || left(md5({text}), 15))::bit(60)::bigint"


def duckdb_hash(text: str) -> str:
    """60 bits of a text's md5 as a bigint, in DuckDB."""
    return f"('0x' || left(md5({text}), 15))::bigint"


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal (a backslash is itself in both dialects)."""
    return "'" + text.replace("'", "''") + "'"
