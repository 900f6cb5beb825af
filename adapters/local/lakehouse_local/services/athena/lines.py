"""What a DDL statement prints."""

from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse_local.engines.athena.errors import Kind, QueryFailed
from lakehouse_local.engines.athena.model import Heading


@dataclass(frozen=True)
class Lines:
    """A statement's text: no columns where it gives none."""

    headings: tuple[Heading, ...] = ()
    lines: tuple[str, ...] = ()


def text(name: str) -> Heading:
    """A column of text."""
    return Heading(name, "string", 0, 0)


def column(name: str, lines: Sequence[str]) -> Lines:
    """One column, one value a line."""
    return Lines((text(name),), tuple(lines))


def failed(message: str, kind: Kind = Kind.DDL_FAILED) -> QueryFailed:
    """A DDL statement that failed, as Hive words it."""
    return QueryFailed(f"FAILED: {message}", kind)
