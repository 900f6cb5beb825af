"""What happens in a business day, and when."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import factory.random
from django.db import transaction

from source_app.core.models import Customer
from source_app.database import write_clock
from source_app.progress import Progress
from source_app.simulation import billing, people, sales, trouble, visits
from source_app.simulation.day import Day

Action = Callable[[Day, datetime], None]

# How often a day, for each 640 customers; at least once.
_OFTEN: tuple[tuple[Action, float], ...] = (
    (sales.place, 4),
    (sales.process, 3),
    (sales.complete, 4),
    (sales.cancel, 0.6),
    (sales.refund, 0.5),
    (sales.receive_stock, 2),
    (sales.reprice, 0.2),
    (visits.browse, 5),
    (visits.late, 1),
    (visits.ticket, 0.3),
    (visits.identify, 0.2),
    (people.sign_up, 1),
    (people.correct, 1),
    (people.merge, 0.1),
    (people.erase, 0.1),
    (people.change_tenant, 0.1),
    (billing.subscribe, 0.3),
    (billing.change_plan, 0.4),
    (billing.ask_to_cancel, 0.3),
    (billing.pay, 3),
    (trouble.change_product_key, 0.1),
    (trouble.change_event_key, 0.1),
    (trouble.change_line_key, 0.1),
    (trouble.undo, 0.2),
    (trouble.undo_part, 0.1),
    (trouble.spoil, 0.4),
)
_CUSTOMERS_PER_UNIT = 640
_QUIET = 0.7
"""A Saturday's or Sunday's share."""


def play(start: datetime, seed: int, progress: Progress) -> Day:
    """One day, from its first instant (UTC); the database's clock stands at the next day's when it is over."""
    dice = random.Random(f"{seed} {start.isoformat()}")
    factory.random.reseed_random(f"{seed} {start.isoformat()}")
    day = Day(start, dice, max(1, Customer.objects.count() // _CUSTOMERS_PER_UNIT))
    name = f"{start:%Y-%m-%d}"
    actions = _timetable(day)
    for number, (at, action) in enumerate(actions, start=1):
        action(day, at)
        if number % 20 == 0 or number == len(actions):
            progress(name, number, len(actions))
    with transaction.atomic():
        write_clock(start + timedelta(days=1))
    return day


def _timetable(day: Day) -> list[tuple[datetime, Action]]:
    """The day's actions by time, no two at the same."""
    share = _QUIET if day.start.weekday() >= 5 else 1
    long_import = trouble.LongImport()
    often = [action for action, times in _OFTEN for _ in range(max(1, round(times * day.unit * share)))]
    micros = sorted(day.dice.sample(range(6 * 3_600_000_000, 23 * 3_600_000_000), len(often)))
    day.dice.shuffle(often)
    fixed: list[tuple[datetime, Action]] = [
        (day.start + timedelta(minutes=30), billing.run_billing),
        (day.start + timedelta(hours=9), long_import.begin),
        (day.start + timedelta(hours=13), long_import.add),
        (day.start + timedelta(hours=17), long_import.commit),
    ]
    spread = [(day.start + timedelta(microseconds=micro), action) for micro, action in zip(micros, often, strict=True)]
    return sorted(fixed + spread, key=lambda planned: planned[0])
