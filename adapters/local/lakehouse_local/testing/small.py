"""A small lakehouse for tests: started, seeded, and gone afterwards unless it is to be kept."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from lakehouse_local import settings as settings_module
from lakehouse_local import supervisor
from lakehouse_local.lakehouse import Lakehouse
from lakehouse_local.providers import choice
from lakehouse_local.providers.errors import ProviderUnavailable, UnknownProvider
from lakehouse_local.settings import Settings


def settings_in(home: Path, extensions: tuple[str, ...] = ()) -> Settings:
    """The user's own choice of servers and cache, in that home, with a Spark that leaves room for the tests."""
    chosen = settings_module.from_environment()
    return replace(
        chosen,
        home=home,
        spark_master="local[2]",
        driver_memory="1g",
        extensions=(*chosen.extensions, *extensions),
    )


@contextmanager
def running(settings: Settings, *, keep: bool = False, seeded: bool = True) -> Iterator[Lakehouse]:
    """A lakehouse with a seeded source; ``keep`` leaves it running, and finds it again the next time.

    Raises what ``lakehouse up`` raises.
    """
    lakehouse = Lakehouse(settings)
    try:
        lakehouse.up()
        if seeded:
            lakehouse.seed()
        yield lakehouse
    finally:
        if not keep:
            discard(settings)


def discard(settings: Settings) -> None:
    """Stop the lakehouse and remove what it keeps outside its home."""
    if supervisor.living(settings.home) is not None:
        supervisor.down(settings, lambda _: None)
    with suppress(ProviderUnavailable, UnknownProvider):
        choice.choose_postgres(settings).provider.discard(settings.home)
