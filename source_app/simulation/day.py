"""One business day: its dice, its counts, and its transactions with their business time."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction

from source_app.core import clock
from source_app.core import vocabulary as words
from source_app.core.models import Tenant
from source_app.database import CLOCK
from source_app.generate.defects import Manifest

Row = TypeVar("Row", bound=models.Model)


@dataclass
class Day:
    """A day while it is played. ``unit`` scales how much happens: 10 for a business of medium scale."""

    start: datetime
    dice: random.Random
    unit: int
    counts: Counter[str] = field(default_factory=Counter)
    planted: Manifest = field(default_factory=dict)
    _numbers: int = 0

    def number(self) -> int:
        """A number that no other row of any day has: the date, then a count."""
        self._numbers += 1
        return int(f"{self.start:%y%m%d}") * 10_000 + self._numbers

    def one(self, rows: "models.QuerySet[Row]") -> Row | None:
        """A row by chance, by its place among the keys; None if there is none."""
        top = rows.order_by("-pk").values_list("pk", flat=True).first()
        if top is None:
            return None
        return rows.filter(pk__gte=self.dice.randint(1, top)).order_by("pk").first()

    def recent(self, rows: "models.QuerySet[Row]", among: int) -> Row | None:
        """One of the newest rows by chance; None if there is none."""
        found = list(rows.order_by("-pk")[:among])
        return self.dice.choice(found) if found else None

    def some(self, rows: "models.QuerySet[Row]", count: int) -> list[Row]:
        """At most that many different rows by chance, by key."""
        found = {}
        for _ in range(count):
            row = self.one(rows)
            if row is not None:
                found[row.pk] = row
        return [found[key] for key in sorted(found)]

    def defect(self, rule: str, row: models.Model, what: str) -> None:
        """Write down that a row was made to break a rule."""
        self.planted.setdefault(rule, []).append(
            {
                "table": row._meta.db_table,  # noqa: SLF001 - Django's documented name
                "id": row.pk,
                "what": what,
            }
        )
        self.counts["defects_planted"] += 1


def announce(at: datetime, using: str = DEFAULT_DB_ALIAS) -> None:
    """Tell whoever reads the log which business time the open transaction has."""
    with connections[using].cursor() as cursor:
        cursor.execute("select pg_logical_emit_message(true, %s, %s)", [CLOCK, at.astimezone(UTC).isoformat()])


@contextmanager
def business(at: datetime) -> Iterator[None]:
    """One transaction at a business time: rows are stamped with it, and the log is told."""
    with clock.standing_at(at), transaction.atomic():
        announce(at)
        yield


def currency_of(tenant: Tenant) -> str:
    """The currency of a tenant's settings; dollars where they are in no shape to say."""
    currency = tenant.settings.get("currency") if isinstance(tenant.settings, dict) else None
    return str(currency) if currency in words.HOMES else "USD"
