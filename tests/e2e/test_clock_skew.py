"""A machine whose clock is minutes behind, then ahead, then behind again: no clock decides what the lake holds."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from business import Business
from lakehouse_home import FEW_MARTS, Lakehouse, lakehouse

from lakehouse_core.tables import FORMATS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def library() -> str:
    """What gives a process another clock."""
    found = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if found is None:
        pytest.skip("libfaketime is not installed (apt-get install faketime)")
    return str(found)


def succeed(lake: Lakehouse, clock: Mapping[str, str], *command: str) -> str:
    """What a command says that must end well under that clock."""
    done = lake.command(*command, **clock)
    assert done.ended == (0, None), done.err
    return done.out


@pytest.mark.parametrize("table_format", FORMATS)
def test_runs_whose_clocks_jump(tmp_path: Path, library: str, table_format: str) -> None:
    """Ten minutes back and forth, while the source changes: silver equals the source, or the run refuses to write.

    Not more than S3 bears: it refuses requests that are a quarter of an hour off. Delta numbers its commits; Hudi names
    them by the clock, so that a clock which was set back has to be waited for.
    """
    behind, ahead = ({"LD_PRELOAD": library, "FAKETIME": skew} for skew in ("-10m", "+10m"))
    business = Business(seed=9)
    with lakehouse(tmp_path / "home", extensions=FEW_MARTS) as lake, lake.database() as database:
        for clock in (behind, ahead):
            for _ in range(15):
                business.transaction(database)
            succeed(lake, clock, "run", "--format", table_format)
        for _ in range(15):
            business.transaction(database)
        if table_format == "hudi":
            succeed(lake, behind, "replicate", "--once")
            assert lake.command("run", **behind).ended == (1, "clock-behind")
            succeed(lake, ahead, "run")
        else:
            succeed(lake, behind, "run")
        runs = lake.records()
        assert [record.run for record in runs] == [1, 2, 3]
        assert [record.as_of for record in runs] == sorted(record.as_of for record in runs)
        assert "equal: " in succeed(lake, ahead, "verify")
