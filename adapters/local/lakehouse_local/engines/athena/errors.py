"""What goes wrong with a query, in Athena's words and numbers (User Guide, Athena error catalog)."""

from enum import IntEnum


class Category(IntEnum):
    """Whose fault it was."""

    SYSTEM = 1
    USER = 2
    OTHER = 3


class Kind(IntEnum):
    """The error catalog's types, as far as they are used here."""

    USER = 1000
    BAD_DATA = 1001
    RESOURCES = 1002
    DDL_FAILED = 1003
    SYNTAX = 1006
    CANCELLED = 1011
    TABLE_NOT_FOUND = 1110
    NOT_SUPPORTED = 1200
    ENTITY_NOT_FOUND = 1301
    FUNCTION_NOT_FOUND = 1303
    BUCKET_NOT_FOUND = 1306
    OUTPUT = 401


class SyntaxInvalid(Exception):
    """Text that is no statement: refused when it is started. ``str()`` is Athena's message, ``hint`` is ours."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} (hint: {self.hint})" if self.hint else self.message


class QueryFailed(Exception):
    """A statement that was started and failed. ``str()`` is the reason of the state change."""

    def __init__(
        self,
        message: str,
        kind: Kind = Kind.USER,
        *,
        hint: str = "",
        category: Category = Category.USER,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.hint = hint
        self.category = category
        self.retryable = retryable

    def __str__(self) -> str:
        return f"{self.message} (hint: {self.hint})" if self.hint else self.message


class Cancelled(Exception):
    """A statement that was ended before its time, and why."""


def not_supported(what: str, hint: str = "") -> QueryFailed:
    """What Athena, or this Athena, does not do."""
    return QueryFailed(f"NOT_SUPPORTED: {what}", Kind.NOT_SUPPORTED, hint=hint)


def at(position: tuple[int, int] | None) -> str:
    """The beginning of a message about a place in the text: ``line 1:15: ``."""
    return f"line {position[0]}:{position[1]}: " if position else ""
