"""Change events without a database: Debezium's records of a source that lives only here, all of it from a seed.

For unit tests and notebooks: no PostgreSQL, no JVM, no clock. The records are written by the very writer that
`lakehouse replicate --wire debezium` has, so the reader in ``lakehouse_core.bronze.debezium`` takes them as it takes those.

>>> from lakehouse_core.contracts import CONTRACTS
>>> played = simulate([CONTRACTS["tenant"]], transactions=3, seed=7)
>>> sorted(played.objects())
['topics/lakehouse.public.core_tenant/partition=0/lakehouse.public.core_tenant+0+0000000000.json.gz']
"""

import gzip
import json
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from lakehouse_core.contracts import Column, Contract
from lakehouse_local.capture.debezium import DebeziumWire
from lakehouse_local.capture.json_text import UNAVAILABLE
from lakehouse_local.capture.pgoutput import UNCHANGED, Begin, Value
from lakehouse_local.capture.wire import Change, Shape

Cell = int | bool | Decimal | date | datetime | str | None
Row = Mapping[str, Cell]

_START = datetime(2026, 1, 1, tzinfo=UTC)
_DAY_ZERO = date(2020, 1, 1)
_KEYS = 12
"""A table has at most so many keys: few enough that deleted keys come back and moved ones meet old ones."""
_KINDS = {"insert": 30, "update": 40, "delete": 14, "move": 12, "truncate": 1}
_TEXTS = (
    "", " ", "plain", 'a "b", c', "back\\slash", "two\nlines", "\\N", "\\U", "\\\\N", "ünï😀", "\u2028", "null",
    UNAVAILABLE, f"\\{UNAVAILABLE}",
)  # fmt: skip
_NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)")
_VARCHAR = re.compile(r"varchar\((\d+)\)")


@dataclass(frozen=True)
class Simulation:
    """What was played: by entity the records of its topic (a line each, in order), and the rows at the end by key.

    ``counts`` says how often each kind of statement ran.
    """

    lines: Mapping[str, Sequence[bytes]]
    state: Mapping[str, Mapping[int, Row]]
    counts: Mapping[str, int]
    contracts: Mapping[str, Contract]

    def objects(self) -> dict[str, bytes]:
        """The topics as a sink's objects: gzip bodies by key; a topic without records has none."""
        wire = DebeziumWire()
        return {
            wire.load_key(contract.schema, contract.table, 0): gzip.compress(b"".join(self.lines[entity]), mtime=0)
            for entity, contract in self.contracts.items()
            if self.lines[entity]
        }


def simulate(contracts: Iterable[Contract], transactions: int, seed: int) -> Simulation:
    """Play transactions of random statements on tables that begin empty.

    There are inserts, updates, deletes, key changes and truncates; updates leave large values out as PostgreSQL does
    (``__debezium_unavailable_value``), also where the key changes; deletes and key changes write their tombstones; LSNs
    of transactions overlap. Equal arguments give equal bytes.
    """
    source = _Source(tuple(contracts), random.Random(seed))  # noqa: S311 - a game, not a secret
    for _ in range(transactions):
        source.transaction()
    return Simulation(
        lines={entity: tuple(lines) for entity, lines in source.lines.items()},
        state=source.rows,
        counts=source.counts,
        contracts={contract.entity: contract for contract in source.contracts},
    )


class _Source:
    """Tables, and the log of what happens to them."""

    def __init__(self, contracts: tuple[Contract, ...], dice: random.Random) -> None:
        self.contracts = contracts
        self.rows: dict[str, dict[int, Row]] = {contract.entity: {} for contract in contracts}
        self.lines: dict[str, list[bytes]] = {contract.entity: [] for contract in contracts}
        self.counts = dict.fromkeys(_KINDS, 0)
        self._dice = dice
        self._wire = DebeziumWire()
        self._shapes = {contract.entity: _shape(contract) for contract in contracts}
        self._writers = {entity: self._wire.encoder(shape) for entity, shape in self._shapes.items()}
        self._counter = 0
        self._transactions = 0
        self._last_commit = 0
        self._wal = 0x1_0000
        self._time = _START

    def transaction(self) -> None:
        """Run one transaction of up to six statements."""
        statements = self._dice.randint(1, 6)
        # A transaction may have begun before the one before it committed: its records' LSNs lie below that commit.
        lsn = max(1, self._wal - self._dice.choice((0, 0, 300)))
        self._wal += 100 * (statements + 1)
        self._transactions += 1
        self._time += timedelta(seconds=self._dice.randint(1, 7200), microseconds=self._dice.randint(0, 999_999))
        begin = Begin(self._wal, self._time, 700 + self._transactions)
        numbers: dict[str, int] = dict.fromkeys(self.rows, 0)
        for n in range(statements):
            contract = self._dice.choice(self.contracts)
            entity = contract.entity
            op, new, old_key = self._statement(contract)
            self._counter += 1
            change = Change(
                op=op,
                new=new,
                old_key=old_key,
                begin=begin,
                lsn=lsn + 40 * n,
                last_commit=self._last_commit,
                counter=self._counter,
                sequence=sum(numbers.values()),
                in_table=numbers[entity],
            )
            numbers[entity] += 1 if old_key is None else self._wire.key_change_numbers
            written = self._wire.stamped(self._writers[entity].encode(change), self._time)
            self.lines[entity].extend(written.splitlines(keepends=True))
        self._last_commit = self._wal + 48
        self._wal = self._last_commit

    def _statement(self, contract: Contract) -> tuple[str, tuple[Value, ...], tuple[Value, ...] | None]:
        """Change a table: (op, the new row, the old key of a moved one) as PostgreSQL sends them."""
        rows, shape = self.rows[contract.entity], self._shapes[contract.entity]
        (kind,) = self._dice.choices(tuple(_KINDS), tuple(_KINDS.values()))
        free = sorted(set(range(1, _KEYS + 1)) - set(rows))
        if not rows:
            kind = "insert"
        if kind in ("insert", "move") and not free:
            kind = "update"
        self.counts[kind] += 1
        nothing: tuple[Value, ...] = (None,) * len(shape.columns)
        if kind == "truncate":
            rows.clear()
            return "T", nothing, None
        if kind == "insert":
            row = self._row(contract, self._dice.choice(free))
            rows[_key_of(row, contract)] = row
            return "I", tuple(_printed(row[column]) for column in shape.columns), None
        key = self._dice.choice(sorted(rows))
        before = rows.pop(key)
        if kind == "delete":
            return "D", tuple(_printed(key) if name == contract.key else None for name in shape.columns), None
        after = self._row(contract, self._dice.choice(free) if kind == "move" else key)
        kept = {name for name in shape.columns if name != contract.key and self._dice.random() < 0.5}
        row = {name: before[name] if name in kept else after[name] for name in shape.columns}
        rows[_key_of(row, contract)] = row
        large = {c.name for c in contract.columns if c.may_be_unsent and before[c.name] is not None} & kept
        unsent = {name for name in sorted(large) if self._dice.random() < 0.5}
        new = tuple(UNCHANGED if name in unsent else _printed(row[name]) for name in shape.columns)
        return "U", new, (_printed(key),) if kind == "move" else None

    def _row(self, contract: Contract, key: int) -> Row:
        return {c.name: key if c.name == contract.key else self._cell(c) for c in contract.columns}

    def _cell(self, column: Column) -> Cell:
        dice, kind = self._dice, column.source_type
        if column.nullable and dice.random() < 0.2:
            return None
        if numeric := _NUMERIC.fullmatch(kind):
            precision, scale = int(numeric[1]), int(numeric[2])
            return Decimal(dice.randrange(-(10**precision) + 1, 10**precision)).scaleb(-scale)
        if varchar := _VARCHAR.fullmatch(kind):
            return dice.choice([text for text in _TEXTS if len(text) <= int(varchar[1])])
        return _MADE.get(kind, _text)(dice)


def _text(dice: random.Random) -> Cell:
    return dice.choice(_TEXTS)


def _instant(dice: random.Random) -> Cell:
    return _START + timedelta(microseconds=dice.choice((0, 1, 500_000, dice.randrange(10**15))))


_MADE: Mapping[str, Callable[[random.Random], Cell]] = {
    "bigint": lambda dice: dice.choice((1, 2, 3, 2**63 - 1, -(2**63))),
    "integer": lambda dice: dice.choice((0, 1, 5, 2**31 - 1, -(2**31))),
    "boolean": lambda dice: dice.random() < 0.5,
    "date": lambda dice: _DAY_ZERO + timedelta(days=dice.randint(-20_000, 20_000)),
    "timestamptz": _instant,
    "jsonb": lambda dice: json.dumps({"text": dice.choice(_TEXTS), "n": dice.randint(0, 9)}, ensure_ascii=False),
}


def _shape(contract: Contract) -> Shape:
    types = tuple(column.source_type for column in contract.columns)
    return Shape(contract.schema, contract.table, contract.column_names, types, (contract.key,))


def _key_of(row: Row, contract: Contract) -> int:
    key = row[contract.key]
    if not isinstance(key, int):
        raise TypeError(f"the key of {contract.table} is no integer: {key!r}")
    return key


def _printed(cell: Cell) -> Value:
    """A value as PostgreSQL's output function prints it."""
    match cell:
        case None:
            return None
        case bool():
            return b"t" if cell else b"f"
        case datetime():
            fraction = f".{cell.microsecond:06d}".rstrip("0").rstrip(".")
            return f"{cell:%Y-%m-%d %H:%M:%S}{fraction}+00".encode()
        case Decimal():
            return f"{cell:f}".encode()
        case _:
            return str(cell).encode()


__all__ = ["Simulation", "simulate"]
