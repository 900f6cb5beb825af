"""The generated business goes on day by day: a few rows of every table are new, others change, move or go."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from gold_business import (
    AS_OF,
    Tables,
    _current,
    _invoice,
    _item,
    _moved,
    _moved_stock,
    _order,
    _paid,
    _position,
    _product,
    _renamed,
    _replanned,
    _subscription,
    generate,
)

from lakehouse_core.contracts import contract

Row = tuple[Any, ...]
VERSION_COLUMNS = 3  # _op, _position, _business_time


@dataclass
class Business:
    """The tables as they stand at ``as_of``."""

    tables: Tables
    as_of: datetime
    rnd: Random
    customers: int
    day: int = 0

    def next_day(self) -> None:
        """Let a day pass, now and then only hours, now and then a week; not every table changes."""
        self.day += 1
        self.as_of += timedelta(hours=self.rnd.choice([1, 20, 24, 24, 24, 30, 170]))
        self.tables = {name: list(rows) for name, rows in self.tables.items()}
        for change in (self._orders, self._items, self._events):
            if self.rnd.random() < 0.6:
                change()
        for entity, changed, made in (
            ("product", _moved_stock, lambda i: _product(self.rnd, i)),
            ("customer", _moved, None),
            ("tenant", self._retold, None),
            ("subscription", _replanned, lambda i: _subscription(self.rnd, i, self.customers)),
            ("invoice", _paid, lambda i: _invoice(self.rnd, i, self.customers)),
        ):
            if self.rnd.random() < 0.4:
                self._versions(entity, changed, made)

    def _orders(self) -> None:
        rows, rnd = self.tables["core_order"], self.rnd
        for _ in range(rnd.randint(1, 3)):
            made = _order(rnd, 1 + max(row[0] for row in rows), self.customers)
            rows.append((*made[:5], self._when(), *made[6:]))
        at = rnd.randrange(len(rows))
        rows[at] = (rows[at][0], *_order(rnd, 0, self.customers)[1:])
        at = rnd.randrange(len(rows))
        rows[at] = (*rows[at][:4], rnd.choice(["completed", "refunded", "pending"]), *rows[at][5:])
        if rnd.random() < 0.5:
            rows.pop(rnd.randrange(len(rows)))

    def _items(self) -> None:
        rows, rnd = self.tables["core_orderitem"], self.rnd
        orders = max(row[0] for row in self.tables["core_order"])
        made = _item(rnd, 1 + max(row[0] for row in rows), orders, self.customers)
        rows.append((made[0], rnd.randint(orders - 3, orders + 1), *made[2:]))
        at = rnd.randrange(len(rows))
        rows[at] = _item(rnd, rows[at][0], orders, self.customers)
        if rnd.random() < 0.5:
            rows.pop(rnd.randrange(len(rows)))

    def _events(self) -> None:
        rows, rnd = self.tables["core_event"], self.rnd
        for _ in range(rnd.randint(1, 6)):
            like = rnd.choice(rows)
            rows.append((1 + max(row[0] for row in rows), *like[1:4], rnd.choice(rows)[4], self._when(), *like[6:]))
        at = rnd.randrange(len(rows))
        rows[at] = (*rows[at][:2], rnd.choice([None, rnd.randint(1, self.customers)]), *rows[at][3:])
        if rnd.random() < 0.3:
            at = rnd.randrange(len(rows))
            rows[at] = (*rows[at][:3], rnd.choice(rows)[3], *rows[at][4:])
        if rnd.random() < 0.5:
            rows.pop(rnd.randrange(len(rows)))

    def _versions(self, entity: str, change: Callable[[Random, Row], Row], made: Callable[[int], Row] | None) -> None:
        """A change of some rows: mostly now, now and then one that came late or ends the row."""
        rnd, versions = self.rnd, self.tables[f"{entity}_version"]
        for _ in range(rnd.randint(1, 2)):
            key = rnd.choice(versions)[0]
            ordered = sorted((row for row in versions if row[0] == key), key=lambda row: row[-2])
            newest = ordered[-1]
            live = next((row for row in reversed(ordered) if row[-3] in "IU"), None)
            if rnd.random() < 0.15:
                row = (key, *[None] * (len(newest) - 1 - VERSION_COLUMNS))
                versions.append((*row, rnd.choice("DQ"), _position(2, key, self.day), max(newest[-1], self.as_of)))
            elif live and rnd.random() < 0.2 and ordered.index(live):
                # Late: it belongs before the newest, at that one's time or earlier, and the older ones are as they were.
                at = ordered[ordered.index(live) - 1]
                late = (*change(rnd, live[:-VERSION_COLUMNS]), "U", f"{at[-2]}.5", at[-1])
                if late[-2] not in {row[-2] for row in ordered}:
                    versions.append(late)
            elif live:
                row = change(rnd, live[:-VERSION_COLUMNS])
                versions.append((*row, "U", _position(2, key, self.day), max(newest[-1], self.as_of)))
        if made:
            key = 1 + max(row[0] for row in versions)
            versions.append((*made(key), "I", _position(2, key, self.day), self.as_of))
        self.tables[f"core_{entity}"] = _current(versions)

    def _retold(self, rnd: Random, row: Row) -> Row:
        """A tenant with another name or currency."""
        currency = rnd.choice(['{"currency": "EUR"}', '{"currency": "USD"}', row[5]])
        return (*_renamed(rnd, row)[:5], currency, *row[6:])

    def _when(self) -> datetime:
        """Mostly within the last day, else any time of the half year."""
        if self.rnd.random() < 0.7:
            return self.as_of - timedelta(hours=24) * self.rnd.random()
        return self.as_of - timedelta(days=180) * self.rnd.random()


def begun(customers: int, seed: int) -> Business:
    """The business at the end of its half year."""
    return Business(generate(customers=customers, seed=seed), AS_OF, Random(seed), customers)  # noqa: S311 - not a secret


def moved_away(tables: Tables, by: int) -> Tables:
    """The same business once more, with other keys and visitors throughout."""

    def row(names: tuple[str, ...], values: Row) -> Row:
        known = dict(zip(names, values, strict=False))
        moved = {
            name: f"{value}-{by}" if isinstance(value, str) else value + by
            for name, value in known.items()
            if value is not None and (name == "id" or name.endswith("_id"))
        }
        return (*(known | moved).values(), *values[len(names) :])

    names = {table: contract(table.removesuffix("_version")).column_names for table in tables}
    return {table: [row(names[table], values) for values in rows] for table, rows in tables.items()}


def together(*businesses: Tables) -> Tables:
    """Several businesses as one."""
    return {table: [row for each in businesses for row in each[table]] for table in businesses[0]}
