"""What this machine offers, check by check."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from lakehouse_local.errors import JavaMissing
from lakehouse_local.providers import containers, localstack, localstack_docker, postgres_binaries, postgres_docker
from lakehouse_local.settings import Settings
from lakehouse_local.spark import jars
from lakehouse_local.spark.java import find

GIB = 1 << 30
DISK_GIB = 5
MEMORY_GIB = 4


@dataclass(frozen=True)
class Check:
    """One finding; ``needed`` says whether the lakehouse cannot work without it, ``hint`` what to do."""

    name: str
    ok: bool
    found: str
    needed: bool = True
    hint: str = ""


def doctor(settings: Settings) -> list[Check]:
    """Every check, in the order in which a user would mend things."""
    postgres = list(_postgres())
    s3 = [_docker(localstack_docker.IMAGE, "docker for S3"), _localstack(settings)]
    return [
        _python(),
        _java(settings),
        *postgres,
        _any("PostgreSQL", postgres, settings.postgres, "install PostgreSQL, or LAKEHOUSE_POSTGRES=postgresql://..."),
        *s3,
        _any("S3", s3, settings.s3, "make setup, or LAKEHOUSE_S3=https://..."),
        _jars(settings),
        _disk(settings),
        _memory(),
    ]


def _python() -> Check:
    ok = sys.version_info[:2] == (3, 11)
    return Check("python", ok, sys.version.split()[0], hint="" if ok else "the lock is made for Python 3.11")


def _java(settings: Settings) -> Check:
    try:
        java = find(settings.cache)
    except JavaMissing as error:
        return Check("java", ok=False, found=error.message, hint=error.hint)
    return Check("java", ok=True, found=f"{java.version} in {java.home} ({java.found})")


def _postgres() -> Iterator[Check]:
    yield _docker(postgres_docker.IMAGE, "docker for PostgreSQL")
    for binaries in (*postgres_binaries.installed(), *postgres_binaries.embedded()):
        obstacle = binaries.obstacle()
        tls = "" if obstacle or postgres_binaries.has_tls(binaries.binaries) else " (without TLS)"
        yield Check(
            f"postgres {binaries.name}", obstacle is None, obstacle or f"{binaries.binaries}{tls}", needed=False
        )


def _docker(image: str, name: str) -> Check:
    obstacle = containers.obstacle(image)
    return Check(name, obstacle is None, obstacle or image, needed=False)


def _localstack(settings: Settings) -> Check:
    obstacle = localstack.LocalStack(settings.cache).obstacle()
    return Check("localstack", obstacle is None, obstacle or str(settings.cache / "localstack"), needed=False)


def _any(what: str, checks: list[Check], wanted: str, hint: str) -> Check:
    working = [check.name for check in checks if check.ok]
    if "://" in wanted or "=" in wanted:
        return Check(what, ok=True, found="by address")
    return Check(what, bool(working), ", ".join(working) or "no provider works", hint="" if working else hint)


def _jars(settings: Settings) -> Check:
    folder = settings.cache / "jars"
    missing = [name for name in jars.GLUE_5_1.pinned() if not (folder / name).exists()]
    found = f"{len(missing)} jars are missing in {folder}" if missing else f"all in {folder}"
    return Check("jars", not missing, found, hint="make setup" if missing else "")


def _disk(settings: Settings) -> Check:
    place = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    free = shutil.disk_usage(place).free / GIB
    ok = free >= DISK_GIB
    return Check("disk", ok, f"{free:.0f} GiB free at {place}", hint="" if ok else f"free {DISK_GIB} GiB")


def _memory() -> Check:
    available = psutil.virtual_memory().available / GIB
    ok = available >= MEMORY_GIB
    hint = "" if ok else f"{MEMORY_GIB} GiB available keep Spark from swapping"
    return Check("memory", ok, f"{available:.0f} GiB available", needed=False, hint=hint)
