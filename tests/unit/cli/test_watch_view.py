"""What a person sees of a watch."""

from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

from rich.console import Console

from lakehouse_local.cli.watch import view
from lakehouse_local.lake.lag import Lag
from lakehouse_local.lake.watch import WAITING, Gold, Quality, Rows, Tick

NOTHING_YET = Tick(
    at=datetime(2026, 1, 1, tzinfo=UTC),
    doing=WAITING,
    source_lsn=None,
    bronze_lsn=None,
    silver_lsn=None,
    bronze=Lag(),
    silver=Lag(),
    rows=Rows(),
    run=None,
    runs=0,
    quality=None,
    gold=Gold(),
)
GOING = replace(
    NOTHING_YET,
    doing="gold: 9 marts",
    source_lsn="0/D921E50",
    bronze=Lag(0, 0.0),
    silver=Lag(1_234_567, 12.34),
    rows=Rows(4321, {"silver.order": {"read": 30, "upserts": 25, "deletes": 2, "quarantined": 1, "superseded": 2}}),
    run=7,
    runs=2,
    quality=Quality(run=6, rules=29, failed_rules=3, failed_rows=1_500, quarantined=4),
    gold=Gold(datetime(2025, 7, 4, 12, tzinfo=UTC), behind_seconds=3_600, age_seconds=5.2),
)


def shown(tick: Tick) -> str:
    """The view as text."""
    console = Console(width=120, file=StringIO())
    console.print(view(tick))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_before_anything_is_known() -> None:
    """What is not known is said to be so, and no figure stands in for it."""
    text = shown(NOTHING_YET)
    assert "does not answer" in text
    assert "not checked yet" in text
    assert "not computed yet" in text
    assert "none yet (0 by this watch)" in text


def test_while_a_run_goes_on() -> None:
    """Lag, rows, quality, freshness and what is being done stand in one view."""
    text = shown(GOING)
    for figure in (
        "0/D921E50",
        "1,234,567",
        "12.3",
        "4,321",
        "1,500",
        "29",
        "run 6",
        "2025-07-04 12:00",
        "3,600",
        "5 s",
    ):
        assert figure in text
    assert "gold: 9 marts" in text
