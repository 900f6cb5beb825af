"""The whole flow on the other real parts: moto's server as S3, and every PostgreSQL that is here."""

from pathlib import Path

import pytest
from lakehouse_home import Lakehouse, lakehouse

from lakehouse_core.contracts import CONTRACTS
from lakehouse_local.lake import sources
from lakehouse_local.providers import postgres_binaries

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


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
    """Source, bronze and silver are equal, in every table, after two runs."""
    report = lake.verify()
    assert report.equal, report.details()
    assert sum(table.silver is not None for table in report.tables) == len(CONTRACTS)
    assert [record.run for record in lake.records()] == [1, 2]


def test_runs_on_moto(tmp_path: Path) -> None:
    """Seed, run, a business day, run, verify: nothing in the flow depends on LocalStack."""
    with lakehouse(tmp_path / "home", s3="moto") as lake:
        assert lake.parts.s3.provider == "moto"
        assert lake.run().captured.load_rows > 0
        lake.simulate(1)
        assert lake.run().captured.change_rows > 0
        assert_proven(lake)


@pytest.mark.parametrize("major", [15, 16, 18])
def test_capture_of_each_postgres(tmp_path: Path, major: int) -> None:
    """A load and a business day are captured from that version; silver, made of both at once, equals the source."""
    provider = provider_of(major)
    with lakehouse(tmp_path / "home", postgres=provider, s3="moto") as lake:
        assert lake.parts.postgres.provider == provider
        assert lake.parts.postgres.version.startswith(f"PostgreSQL {major}")
        assert sources.capture(lake.parts, lake.settings, lambda _: None).load_rows > 0
        lake.simulate(1)
        assert_proven(lake)
