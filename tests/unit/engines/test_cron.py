"""EventBridge's cron expressions."""

import doctest
from datetime import UTC, datetime

import pytest

from lakehouse_local.engines.schedule import cron
from lakehouse_local.engines.schedule.cron import ScheduleInvalid, parse

FRIDAY = datetime(2024, 12, 6, 12, 0, tzinfo=UTC)

CASES = [
    ("cron(0 * * * ? *)", "2024-12-06 13:00"),
    ("cron(15 12 * * ? *)", "2024-12-06 12:15"),
    ("cron(0 12 * * ? *)", "2024-12-07 12:00"),
    ("cron(0 18 ? * MON-FRI *)", "2024-12-06 18:00"),
    ("cron(0 8 1 * ? *)", "2025-01-01 08:00"),
    ("cron(0/15 * * * ? *)", "2024-12-06 12:15"),
    ("cron(0 10 L * ? *)", "2024-12-31 10:00"),
    ("cron(0 10 15W * ? *)", "2024-12-16 10:00"),
    ("cron(0 10 ? * 6L *)", "2024-12-27 10:00"),
    ("cron(0 10 ? * SUN#2 *)", "2024-12-08 10:00"),
    ("cron(0 0 29 2 ? *)", "2028-02-29 00:00"),
    ("cron(0 0 1 JAN ? 2030)", "2030-01-01 00:00"),
    ("cron(0 0 1 1 ? 2020)", None),
]


@pytest.mark.parametrize(("expression", "wanted"), CASES)
def test_next_time(expression: str, wanted: str | None) -> None:
    """The first time behind a moment."""
    found = parse(expression).after(FRIDAY)
    assert (found and f"{found:%Y-%m-%d %H:%M}") == wanted


WRONG = [
    "rate(5 minutes)",
    "cron(* * * * *)",
    "cron(0 12 * * * *)",
    "cron(0 12 ? * ? *)",
    "cron(* 12 * * ? *)",
    "cron(0/4 * * * ? *)",
    "cron(60 * * * ? *)",
    "cron(0 25 * * ? *)",
    "cron(0 1 * * ? 1969)",
    "cron(0 1 ? * XYZ *)",
    "cron(0 1 20-10 * ? *)",
    f"cron(0 {'9' * 5000} * * ? *)",
    f"cron(0 1 {'9' * 5000}W * ? *)",
]


@pytest.mark.parametrize("expression", WRONG)
def test_refused(expression: str) -> None:
    """What EventBridge does not take, and what Glue finds too often."""
    with pytest.raises(ScheduleInvalid):
        parse(expression)


def test_examples_in_the_docstrings() -> None:
    """What the docstring shows is what happens."""
    assert doctest.testmod(cron).failed == 0
