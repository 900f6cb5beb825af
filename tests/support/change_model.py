"""A plain-Python source database that writes changes as PostgreSQL would, and the state that they must end in."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_core.contracts.envelope import Phase, position
from lakehouse_core.contracts.model import Column, Contract

ITEM = Contract(
    table="core_item",
    entity="item",
    view="items",
    grain="one row per item",
    columns=(
        Column("id", "bigint"),
        Column("count", "integer", nullable=True),
        Column("note", "text", nullable=True),
        Column("data", "jsonb", nullable=True),
    ),
)
SCHEMA = (
    "id bigint, count int, note string, data string, _op string, _position string, _business_time timestamp, "
    "_unsent array<string>, _old_key bigint, _file string"
)
OPTIONAL = ("note", "data")


def at(sequence: int) -> str:
    """The position of the change of that number."""
    return position(1, Phase.CHANGE, sequence // 4, sequence % 4)


@dataclass(frozen=True)
class Change:
    """One envelope row of ITEM."""

    op: str
    sequence: int
    id: int | None = None
    count: int | None = None
    note: str | None = None
    data: str | None = None
    unsent: tuple[str, ...] = ()
    old_key: int | None = None

    def row(self) -> tuple[Any, ...]:
        """The row of :data:`SCHEMA`; business time is the sequence in seconds (set by the reader's cast)."""
        values = {name: None if name in self.unsent else getattr(self, name) for name in OPTIONAL}
        return (
            self.id,
            self.count,
            values["note"],
            values["data"],
            self.op,
            at(self.sequence),
            self.sequence,
            list(self.unsent),
            self.old_key,
            "file",
        )


def frame(spark: SparkSession, changes: Sequence[Change]) -> DataFrame:
    """An envelope frame of ITEM."""
    schema = SCHEMA.replace("_business_time timestamp", "_business_time int")
    return spark.createDataFrame([change.row() for change in changes], schema).withColumn(
        "_business_time", F.timestamp_seconds("_business_time")
    )


@dataclass
class Source:
    """A table of ITEM that lives through random statements on keys from ``base`` on, and its change log.

    ``units`` are what always travels together: the two halves of a key change.
    """

    dice: random.Random
    base: int
    rows: dict[int, Change] = field(default_factory=dict)
    quarantined: dict[int, Change] = field(default_factory=dict)
    units: list[tuple[Change, ...]] = field(default_factory=list)
    used: set[int] = field(default_factory=set)

    def statement(self, sequence: int) -> None:
        """Run one random statement."""
        free = [key for key in range(self.base, self.base + 4) if key not in self.rows]
        live = sorted(self.rows)
        kind = self.dice.choice(("insert", "update", "update", "toast", "toast", "delete", "move", "move", "bad"))
        if kind == "insert" or not live:
            if free:
                self._put(Change("I", sequence, self.dice.choice(free), *self._values(sequence)))
            return
        key = self.dice.choice(live)
        if kind == "delete":
            del self.rows[key]
            self._log(Change("D", sequence, key))
        elif kind == "bad":
            # The row changes to something that cannot be typed: all that is known is that it did.
            self.rows[key] = replace(self.rows[key], sequence=sequence, note="?", data="?", op="Q")
            self._log(Change("Q", sequence, key))
        elif kind == "move" and free:
            new = self.dice.choice(free)
            old = self.rows.pop(key)
            moved = self._updated(replace(old, id=new), sequence)
            self.rows[new] = replace(moved, old_key=key)
            self._log(Change("D", sequence, key), replace(moved, op="I", old_key=key))
        else:
            self._put(self._updated(self.rows[key], sequence, toast=kind == "toast"))

    def truncate(self) -> None:
        """Empty the table (the change itself is the caller's: it concerns every key)."""
        self.rows.clear()

    def _put(self, change: Change) -> None:
        assert change.id is not None
        self.rows[change.id] = change
        self._log(change)

    def _updated(self, row: Change, sequence: int, *, toast: bool = True) -> Change:
        """The row after an update; columns left out keep their value (and, if in quarantine, their doubt)."""
        count, note, data = self._values(sequence)
        unsent = tuple(name for name in OPTIONAL if toast and self.dice.random() < 0.5)
        kept = {name: getattr(row, name) for name in unsent}
        return replace(Change("U", sequence, row.id, count, note, data, unsent), **kept)

    def _values(self, sequence: int) -> tuple[int | None, str | None, str | None]:
        return (
            self.dice.choice((None, sequence)),
            self.dice.choice((None, f"note {sequence}")),
            self.dice.choice((None, f"data {sequence}")),
        )

    def _log(self, *changes: Change) -> None:
        self.units.append(changes)
        self.used |= {change.id for change in changes if change.id is not None}

    def state(self) -> dict[int, tuple[Any, ...]]:
        """The readable rows: key -> (count, note, data); a row with a quarantined value in it is not readable."""
        return {
            key: (row.count, row.note, row.data)
            for key, row in self.rows.items()
            if row.op != "Q" and "?" not in (row.note, row.data)
        }
