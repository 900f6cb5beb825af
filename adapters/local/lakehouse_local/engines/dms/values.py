"""How DMS narrows values: unbounded numerics to 6 decimals, large objects to LobMaxSize; in SQL and in bytes.

Source: DMS User Guide, PostgreSQL source data types, and LOB support (limited mode, in which NCLOB has 2 bytes a
character). Everything else is as in ``lakehouse_local.capture.text``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from lakehouse_local.capture.text import dms_text_sql, renderer
from lakehouse_local.engines.dms.losses import Loss

DECIMALS = 6
_NCLOB = re.compile(r"(?:text|citext|jsonb?|hstore)|.*\[\]")
_CLOB = re.compile(r"xml|tsvector")


@dataclass(frozen=True)
class Narrowing:
    """What a column loses: ``cut`` gives the narrower text or None where nothing is lost; the SQL twins do the same."""

    loss: Loss
    cut: Callable[[bytes], bytes | None]
    text_sql: str
    lost_sql: str


def is_lob(pg_type: str) -> bool:
    """Whether DMS treats the type as a large object."""
    return pg_type == "bytea" or bool(_NCLOB.fullmatch(pg_type) or _CLOB.fullmatch(pg_type))


def narrowing(column: str, pg_type: str, lob_kilobytes: int) -> Narrowing | None:
    """What DMS takes off the values of a type; None where nothing.

    Args:
        column: the quoted column.
        pg_type: as ``format_type`` prints it.
        lob_kilobytes: LobMaxSize.
    """
    if pg_type == "numeric":
        lost = f"scale({column}) > {DECIMALS}"
        text = f"(CASE WHEN {lost} THEN trunc({column}, {DECIMALS}) ELSE {column} END)::text"
        return Narrowing(Loss.NUMERIC, _six_decimals, text, lost)
    if not is_lob(pg_type):
        return None
    # bytea's text is hexadecimal, after \x
    limit = (
        2 + 2048 * lob_kilobytes if pg_type == "bytea" else (1024 if _CLOB.fullmatch(pg_type) else 512) * lob_kilobytes
    )
    whole = dms_text_sql(column, pg_type)
    return Narrowing(Loss.LOB, _first(limit), f"left({whole}, {limit})", f"length({whole}) > {limit}")


def rendered(pg_type: str) -> Callable[[bytes], bytes] | None:
    """What turns PostgreSQL's output into DMS's text; None where they are the same."""
    return renderer(pg_type)


def _six_decimals(value: bytes) -> bytes | None:
    whole, point, decimals = value.partition(b".")
    if len(decimals) <= DECIMALS:
        return None
    cut = whole + point + decimals[:DECIMALS]
    return cut if cut.strip(b"-0.") else cut.lstrip(b"-")


def _first(limit: int) -> Callable[[bytes], bytes | None]:
    def cut(value: bytes) -> bytes | None:
        if len(value) <= limit:
            return None
        text = value.decode()
        return None if len(text) <= limit else text[:limit].encode()

    return cut
