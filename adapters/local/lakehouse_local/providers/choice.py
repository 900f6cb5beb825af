"""Which provider is used: the one a setting names, or the first that works, with the reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Generic, TypeVar

from lakehouse_local.providers import postgres_binaries
from lakehouse_local.providers.base import PostgresProvider, Provider, S3Provider
from lakehouse_local.providers.errors import ProviderUnavailable, UnknownProvider
from lakehouse_local.providers.localstack import LocalStack
from lakehouse_local.providers.localstack_docker import DockerLocalStack
from lakehouse_local.providers.moto_server import MotoServer
from lakehouse_local.providers.postgres_docker import DockerPostgres
from lakehouse_local.providers.postgres_dsn import DsnPostgres
from lakehouse_local.providers.s3_url import UrlS3
from lakehouse_local.settings import Settings

AUTO = "auto"
CHOSEN_FILE = "postgres-provider"

P = TypeVar("P", bound=Provider)


@dataclass(frozen=True)
class _Part:
    """What is provided, the setting that chooses, and the names it takes (``installed`` covers ``installed-15``)."""

    title: str
    variable: str
    families: tuple[str, ...]


POSTGRES = _Part("PostgreSQL", "LAKEHOUSE_POSTGRES", ("docker", "installed", "embedded"))
S3 = _Part("S3", "LAKEHOUSE_S3", ("docker", "localstack", "moto"))


@dataclass(frozen=True)
class Choice(Generic[P]):
    """A provider and, in one line, why it and not an earlier one."""

    provider: P
    why: str


def choose_postgres(settings: Settings) -> Choice[PostgresProvider]:
    """The provider of PostgreSQL for this home.

    A home that already holds data stays with the provider that made it: another would show an empty database.
    UnknownProvider for a name that does not exist, ProviderUnavailable if the wanted one (or none) works.
    """
    wanted = settings.postgres
    if "://" in wanted or "=" in wanted:
        return Choice(DsnPostgres(wanted), "LAKEHOUSE_POSTGRES is an address")
    kept = settings.home / CHOSEN_FILE
    candidates: Iterable[PostgresProvider] = chain(
        [DockerPostgres()], postgres_binaries.installed(), postgres_binaries.embedded()
    )
    if wanted == AUTO and kept.exists():
        name = kept.read_text().strip()
        try:
            choice = _choose(POSTGRES, name, candidates)
        except ProviderUnavailable as error:
            raise ProviderUnavailable(
                f"the data in {settings.home} was made by {name}, which does not work here now: {error.message}",
                hint=f"bring {name} back; another one, named by {POSTGRES.variable}, starts with an empty database",
            ) from None
        return Choice(choice.provider, f"this home's data was made by {name}")
    return _choose(POSTGRES, wanted, candidates)


def remember_postgres(home: Path, provider: PostgresProvider) -> None:
    """Note which provider made the home's data."""
    if not isinstance(provider, DsnPostgres):
        (home / CHOSEN_FILE).write_text(provider.name)


def choose_s3(settings: Settings) -> Choice[S3Provider]:
    """The provider of S3; errors as in ``choose_postgres``. ``moto`` is never chosen by itself."""
    if "://" in settings.s3:
        return Choice(UrlS3(settings.s3), "LAKEHOUSE_S3 is an address")
    candidates: list[S3Provider] = [DockerLocalStack(), LocalStack(settings.cache)]
    if settings.s3 != AUTO:
        candidates.append(MotoServer())
    return _choose(S3, settings.s3, candidates)


def _choose(part: _Part, wanted: str, candidates: Iterable[P]) -> Choice[P]:
    if wanted.split("-", maxsplit=1)[0] not in {AUTO, *part.families}:
        raise UnknownProvider(
            f"{part.variable}={wanted} names no provider of {part.title}",
            hint=f"{part.variable}=auto, {', '.join(part.families)}, or an address",
        )
    passed: list[str] = []
    for candidate in candidates:
        if wanted not in {AUTO, candidate.name, candidate.name.split("-")[0]}:
            continue
        obstacle = candidate.obstacle()
        if obstacle is None:
            reason = "the first that works here" if wanted == AUTO else f"{part.variable}={wanted}"
            return Choice(candidate, "; ".join([reason, *passed]))
        passed.append(f"{candidate.name}: {obstacle}")
    raise ProviderUnavailable(
        f"no provider of {part.title} works here: {'; '.join(passed) or f'{wanted} is not on this machine'}",
        hint=f"lakehouse doctor shows what is missing; {part.variable} also takes the address of a running server",
    )
