"""The source application's own errors: what was wrong, what to try."""

from typing import ClassVar


class SourceError(Exception):
    """Base of every error that is a user's to mend. ``code`` names the kind, ``hint`` says what to try."""

    code: ClassVar[str] = "source"
    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  try: {self.hint}" if self.hint else self.message


class UnknownScale(SourceError):
    """A scale that there is no count for."""

    code = "unknown-scale"


class DatabaseUnreachable(SourceError):
    """The database does not answer, or not to this role."""

    code = "database-unreachable"


class DatabaseNotEmpty(SourceError):
    """A seed would have to mix with rows that are there."""

    code = "database-not-empty"


class DatabaseSettingRefused(SourceError):
    """The role may not keep the business clock in the database's settings."""

    code = "database-setting-refused"


class NotSeeded(SourceError):
    """The database holds no business to go on with."""

    code = "not-seeded"


class SeedCacheDamaged(SourceError):
    """A cached file cannot be read or does not hold what it should."""

    code = "seed-cache-damaged"


class InvalidRequest(SourceError):
    """A number that makes no sense here."""

    code = "invalid-request"
