"""The time that rows are stamped with: the machine's, or the virtual one of a simulated business day."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.utils import timezone

_virtual: ContextVar[datetime | None] = ContextVar("virtual_time", default=None)


def now() -> datetime:
    """The time of the business (aware, UTC)."""
    return _virtual.get() or timezone.now()


@contextmanager
def standing_at(at: datetime) -> Iterator[None]:
    """Let the business clock stand at an instant for the length of a block."""
    token = _virtual.set(at)
    try:
        yield
    finally:
        _virtual.reset(token)
