"""What every provider of a server offers."""

from pathlib import Path
from typing import Protocol

from lakehouse_local.environment import PostgresPart, S3Part


class Provider(Protocol):
    """A source of one server; one object starts at most one."""

    @property
    def name(self) -> str:
        """The name by which a setting forces this provider."""
        ...

    def obstacle(self) -> str | None:
        """Why this provider cannot be used here; None if it can."""
        ...

    def ended(self) -> str | None:
        """Why the started server no longer runs; None while it does (or was not ours to start)."""
        ...

    def stop(self) -> None:
        """End the server in an orderly way; its data stays."""
        ...

    def discard(self, home: Path) -> None:
        """Remove what a stopped server keeps outside ``home``."""
        ...


class PostgresProvider(Provider, Protocol):
    """A source of PostgreSQL."""

    def start(self, home: Path, why: str) -> PostgresPart:
        """Start the server with its data of ``home``, roles and database prepared; ServerNotStarted if it does not."""
        ...


class S3Provider(Provider, Protocol):
    """A source of S3; ``keeps_data`` says whether objects outlive the server."""

    @property
    def keeps_data(self) -> bool:
        """Whether the objects are still there after stop and start."""
        ...

    def start(self, home: Path, why: str) -> S3Part:
        """Start the server and wait until it answers; ServerNotStarted if it does not."""
        ...
