"""A layer's lag in bytes and seconds, from looks at the source."""

import pytest

from lakehouse_local.lake.lag import Lag, Positions


@pytest.fixture
def positions() -> Positions:
    """The source stood at 100 from second 0 to 10, at 250 at 11 and at 300 at 12."""
    made = Positions(began=0)
    for lsn, at in ((100, 0), (100, 10), (250, 11), (300, 12)):
        made.saw(lsn, at)
    return made


@pytest.mark.parametrize(
    ("position", "lag"),
    [
        (300, Lag(0, 0.0)),
        (301, Lag(0, 0.0)),
        (260, Lag(40, 9.0)),
        (250, Lag(50, 9.0)),
        (100, Lag(200, 10.0)),
        (40, Lag(260, 20.0)),
        (None, Lag()),
    ],
)
def test_lag(positions: Positions, position: int | None, lag: Lag) -> None:
    """Nothing is missing at the source's place; else the seconds go back to the last look that found it there."""
    assert positions.lag(position, now=20) == lag


def test_a_source_that_never_answered() -> None:
    """Without a look at the source nothing is known, and nothing is claimed."""
    positions = Positions(began=0)
    positions.saw(None, 1)
    assert positions.lag(100, now=2) == Lag()


def test_what_is_forgotten(positions: Positions) -> None:
    """Forgetting what lies below a place changes no lag from there on."""
    before = [positions.lag(position, now=20) for position in (250, 260, 300)]
    positions.forget(255)
    assert [positions.lag(position, now=20) for position in (250, 260, 300)] == before
    assert len(positions._looks) == 2
