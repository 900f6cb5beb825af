"""Real servers for the tests: started once per test process, in temporary folders, gone afterwards."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg2 import extensions
from s3_buckets import empty_buckets

from lakehouse_local import settings as settings_module
from lakehouse_local.environment import PostgresPart, S3Part
from lakehouse_local.providers import roles, servers
from lakehouse_local.providers.errors import ProviderUnavailable
from lakehouse_local.providers.passwords import passwords_of
from lakehouse_local.settings import Settings

TESTS = Path(__file__).parent
# A test's JVM lives too short for the second compiler to earn back what it costs.
os.environ.setdefault("LAKEHOUSE_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
# In the test's own process; what starts `lakehouse` as a program leaves the JVM to that.
NEEDS_A_JVM = (
    "spark/",
    "e2e/test_both_formats.py",
    "e2e/test_dashboard.py",
    "e2e/test_flow.py",
    "docs/test_core_reference.py",
    "adapters/aws/",
    "adapters/lineage/",
    "adapters/tables/",
    "adapters/engines/test_jobs.py",
    "emulator/test_athena_bronze.py",
    "emulator/test_athena_shipped.py",
    "emulator/test_glue_jobs.py",
    "emulator/test_glue_lake_job.py",
)

# What stands on the trunk (source -> capture -> silver -> gold -> queries -> proof); `make test-wide` runs it.
BEYOND_THE_TRUNK = (
    "adapters/aws/",
    "adapters/engines/",
    "adapters/lineage/",
    "adapters/witness/",
    "e2e/test_dashboard.py",
    "e2e/test_watch.py",
    "emulator/",
)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what runs Spark itself, for a process beside the one that does not, and what is beyond the trunk."""
    place = item.path.relative_to(TESTS).as_posix()
    if place.startswith(NEEDS_A_JVM):
        item.add_marker(pytest.mark.spark)
    if place.startswith(BEYOND_THE_TRUNK):
        item.add_marker(pytest.mark.wide)


TABLES_SHOWN = {
    "bug": "planted bugs, and the test that caught each",
    "score": "how well the rules know what is wrong",
    "part": "the demo, part by part",
}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The tables that tests which passed have lines for: each line a property of that name."""
    passed = terminalreporter.getreports("passed")
    for property_name, title in TABLES_SHOWN.items():
        if lines := [value for report in passed for name, value in report.user_properties if name == property_name]:
            terminalreporter.section(title)
            for line in lines:
                terminalreporter.line(str(line))


def settings_in(home: Path, *, postgres: str = "auto", s3: str = "auto") -> Settings:
    """Settings of a throw-away home with the machine's cache."""
    return replace(settings_module.from_environment(), home=home, postgres=postgres, s3=s3)


def admin_dsn(part: PostgresPart, home: Path) -> str:
    """The DSN of a home's superuser."""
    return str(extensions.make_dsn(part.dsn, dbname="postgres", user=roles.ADMIN, password=passwords_of(home).admin))


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PostgresPart, str]]:
    """One PostgreSQL of the first provider that works without containers, and its superuser's DSN."""
    home = tmp_path_factory.mktemp("postgres")
    try:
        with servers.running_postgres(settings_in(home, postgres="installed")) as part:
            yield part, admin_dsn(part, home)
            return
    except ProviderUnavailable:
        pass
    with servers.running_postgres(settings_in(home, postgres="embedded")) as part:
        yield part, admin_dsn(part, home)


@pytest.fixture
def postgres(postgres_server: tuple[PostgresPart, str]) -> PostgresPart:
    """PostgreSQL with an empty database ``saas`` and no slots, for one test."""
    part, admin = postgres_server
    roles.recreate_database(admin)
    return part


@pytest.fixture(scope="module")
def module_postgres(postgres_server: tuple[PostgresPart, str]) -> PostgresPart:
    """PostgreSQL with a database ``saas`` that was empty at the module's first test."""
    part, admin = postgres_server
    roles.recreate_database(admin)
    return part


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Part]:
    """One moto server with the lake's buckets: quick, and enough where S3 itself is not the subject."""
    with servers.running_s3(settings_in(tmp_path_factory.mktemp("s3"), s3="moto")) as part:
        yield part


@pytest.fixture(scope="session")
def localstack_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Part]:
    """One LocalStack with the lake's buckets, for tests that ask for it."""
    try:
        with servers.running_s3(settings_in(tmp_path_factory.mktemp("localstack"), s3="localstack")) as part:
            yield part
    except ProviderUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture
def s3(s3_server: S3Part) -> S3Part:
    """S3 (moto) with the lake's buckets, all empty, for one test."""
    empty_buckets(s3_server)
    return s3_server


@pytest.fixture
def localstack(localstack_server: S3Part) -> S3Part:
    """S3 (LocalStack) with the lake's buckets, all empty, for one test."""
    empty_buckets(localstack_server)
    return localstack_server
