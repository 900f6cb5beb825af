"""Two sides' events laid side by side, field by field."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from witness.events import Event, Json, by_topic
from witness.fold import Table

PREFIX = "lakehouse"
ABSENT = "(absent)"
"""Stands where one side has no such field (a field with this very text would be taken for one)."""
_LONGEST = 40


@dataclass(frozen=True)
class Difference:
    """One field of one event that is not the same on both sides; of a whole topic, ``path`` is ``("topic",)``.

    Values keep their JSON type: 1, "1" and true are three, 1 and 1.0 are one.
    """

    path: tuple[str, ...]
    debezium: Json
    ours: Json
    table: Table | None
    op: str
    events: tuple[Event, Event] | None

    @property
    def column(self) -> str:
        """The column that the field is of; empty if it is of none."""
        return self.path[2] if len(self.path) == 3 and self.path[1] in {"before", "after"} else ""

    def __str__(self) -> str:
        of = f"{self.table.name}, {self.op}" if self.table else "topics"
        both = (f"{value!r}"[:_LONGEST] for value in (self.debezium, self.ours))
        return f"{of}: {'.'.join(self.path)}: Debezium {next(both)}, ours {next(both)}"


def topic_of(table: Table) -> str:
    """A table's topic as we name it."""
    return f"{PREFIX}.public.{table.name}"


def debezium_topic_of(table: Table) -> str:
    """A table's topic as Debezium names it: what Kafka does not take in a name is an underscore."""
    kept = (letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_" for letter in topic_of(table))
    return "".join(kept)


def differences(debezium: list[Event], ours: list[Event], tables: list[Table]) -> Iterator[Difference]:
    """Every field that differs; each table's events are paired in order.

    Raises:
        AssertionError: the sides have not the same events of a table.
    """
    theirs, own = by_topic(debezium), by_topic(ours)
    for table in tables:
        left, right = theirs.pop(debezium_topic_of(table), []), own.pop(topic_of(table), [])
        told, stored = ([(event.op, event.key) for event in side] for side in (left, right))
        assert told == stored, f"events of {table.name}: Debezium {told}, ours {stored}"
        if debezium_topic_of(table) != topic_of(table):
            yield Difference(("topic",), debezium_topic_of(table), topic_of(table), table, "", None)
        for pair in zip(left, right, strict=True):
            yield from _of_pair(*pair, table)
    for topic in sorted({*theirs, *own}):
        sides = (topic if topic in theirs else ABSENT), (topic if topic in own else ABSENT)
        yield Difference(("topic",), *sides, None, "", None)


def _of_pair(debezium: Event, ours: Event, table: Table) -> Iterator[Difference]:
    left, right = _fields(debezium), _fields(ours)
    for path in {**left, **right}:
        one, other = left.get(path, ABSENT), right.get(path, ABSENT)
        if not _same(one, other):
            yield Difference(path, one, other, table, debezium.op, (debezium, ours))


def _same(one: Json, other: Json) -> bool:
    """JSON has one kind of number: 1 is 1.0, but true is not 1."""
    return bool(one == other) and isinstance(one, bool) is isinstance(other, bool)


def _fields(event: Event) -> dict[tuple[str, ...], Any]:
    whole = {"key": event.key, "value": event.value}
    return dict(_leaves(whole, ())) | {
        path: leaf for name, value in event.headers.items() for path, leaf in _leaves(value, ("headers", name))
    }


def _leaves(value: Json, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Json]]:
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from _leaves(each, (*path, name))
    else:
        yield path, value
