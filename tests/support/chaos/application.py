"""An application that writes at random, and says in a ledger row of each transaction what the transaction did.

The ledger is what the state of the tables cannot tell: that a change which a later one covered was captured too.
"""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg2
from psycopg2.extensions import connection, cursor

KEYS = {"item": 1, "pair": 2, "ledger": 1}
"""How many of each table's columns, from the first, are its primary key."""

TABLES = (
    "CREATE TABLE item (id int PRIMARY KEY, n int, note text, big text)",
    "ALTER TABLE item ALTER COLUMN big SET STORAGE EXTERNAL",
    "CREATE TABLE pair (a int, b text, v text, PRIMARY KEY (a, b))",
    "CREATE TABLE ledger (id text PRIMARY KEY, changes int, digest text)",
)
_IDS = 40
_NOTES = (None, "", "plain", 'quo"ted, and comma', "two\nlines", "ünï😀", "\\N", "\\U", "__debezium_unavailable_value")
_PARTS = ("x", "y,z", 'q"', "\\N", "", "a:b")
_LOCK_WAIT = "200ms"
_PATIENCE = "30s"


def digest(changes: list[str]) -> str:
    """One text for the changes of a transaction, in their order."""
    return hashlib.md5("\n".join(changes).encode(), usedforsecurity=False).hexdigest()


@dataclass
class Writer:
    """One connection and its transaction, in which ``changes`` were made so far; its rows are no other writer's."""

    dice: random.Random
    database: connection
    number: int
    transactions: int = 0
    is_open: bool = False
    changes: list[str] = field(default_factory=list)

    def statement(self, *, alone: bool) -> None:
        """Run one random statement; where nobody has a transaction open it may be a TRUNCATE, a transaction of its own."""
        kinds = [
            self._insert,
            self._update,
            self._update,
            self._wide,
            self._delete,
            self._move,
            self._pair,
            self._undone,
        ]
        emptied = alone and self.dice.random() < 0.06
        with self.database.cursor() as at:
            (self._truncate if emptied else self.dice.choice(kinds))(at)
        self.is_open = True
        if emptied:
            self.end()

    def end(self) -> None:
        """Commit, or roll back."""
        if self.dice.random() < 0.2:
            self.database.rollback()
            self.forget()
        else:
            self.commit()

    def commit(self) -> None:
        """Write the ledger and commit."""
        self.transactions += 1
        with self.database.cursor() as at:
            name = f"{self.number}-{self.transactions}"
            at.execute("INSERT INTO ledger VALUES (%s, %s, %s)", (name, len(self.changes), digest(self.changes)))
        self.database.commit()
        self.forget()

    def many(self, rows: int) -> None:
        """A long transaction of that many new rows, committed."""
        first = 1_000_000 * (self.number + 1)
        with self.database.cursor() as at:
            at.execute(
                "INSERT INTO item SELECT n, n, repeat('z', 60), NULL FROM generate_series(%s, %s) AS n",
                (first, first + rows - 1),
            )
        self.changes += [f"I item {n}" for n in range(first, first + rows)]
        self.commit()

    def empty(self) -> None:
        """A TRUNCATE, committed."""
        with self.database.cursor() as at:
            self._truncate(at)
        self.commit()

    def forget(self) -> None:
        """The transaction is over."""
        self.changes = []
        self.is_open = False

    def _id(self) -> int:
        return self.number * 1000 + self.dice.randrange(_IDS)

    def _note(self, op: str, table: str, at: cursor) -> None:
        self.changes += [f"{op} {table} " + "|".join(map(str, row)) for row in at.fetchall()]

    def _insert(self, at: cursor) -> None:
        first = self._id()
        big = self._big() if self.dice.random() < 0.4 else None
        at.execute(
            "INSERT INTO item SELECT i, %s, %s, %s FROM generate_series(%s, %s) AS i ON CONFLICT DO NOTHING RETURNING id",
            (self.dice.randrange(100), self.dice.choice(_NOTES), big, first, first + self.dice.choice((0, 0, 3, 12))),
        )
        self._note("I", "item", at)

    def _update(self, at: cursor) -> None:
        """A wide value that the statement does not touch is not sent again."""
        first = self._id()
        at.execute(
            "UPDATE item SET n = %s, note = %s WHERE id BETWEEN %s AND %s RETURNING id",
            (self.dice.randrange(100), self.dice.choice(_NOTES), first, first + self.dice.choice((0, 2, 9))),
        )
        self._note("U", "item", at)

    def _wide(self, at: cursor) -> None:
        at.execute("UPDATE item SET big = %s WHERE id = %s RETURNING id", (self._big(), self._id()))
        self._note("U", "item", at)

    def _delete(self, at: cursor) -> None:
        first = self._id()
        at.execute("DELETE FROM item WHERE id BETWEEN %s AND %s RETURNING id", (first, first + 1))
        self._note("D", "item", at)

    def _move(self, at: cursor) -> None:
        """The primary key changes, to one that may have been in use before."""
        new = self._id()
        at.execute(
            "UPDATE item SET id = %s WHERE id = %s AND NOT EXISTS (SELECT FROM item WHERE id = %s) RETURNING id",
            (new, self._id(), new),
        )
        self._note("U", "item", at)

    def _pair(self, at: cursor) -> None:
        key = (self.number * 1000 + self.dice.randrange(4), self.dice.choice(_PARTS))
        if self.dice.random() < 0.3:
            at.execute("DELETE FROM pair WHERE a = %s AND b = %s RETURNING a, b", key)
            self._note("D", "pair", at)
            return
        at.execute("UPDATE pair SET v = %s WHERE a = %s AND b = %s RETURNING a, b", (self.dice.choice(_NOTES), *key))
        if at.rowcount:
            self._note("U", "pair", at)
            return
        at.execute("INSERT INTO pair VALUES (%s, %s, %s) RETURNING a, b", (*key, self.dice.choice(_NOTES)))
        self._note("I", "pair", at)

    def _undone(self, at: cursor) -> None:
        """Statements behind a savepoint that is rolled back leave no change."""
        at.execute("SAVEPOINT before")
        kept = list(self.changes)
        self._insert(at)
        self._update(at)
        at.execute("ROLLBACK TO SAVEPOINT before")
        self.changes = kept

    def _truncate(self, at: cursor) -> None:
        """A full load holds a lock on the table: then not now."""
        at.execute("SAVEPOINT before")
        at.execute("SELECT set_config('lock_timeout', %s, true)", (_LOCK_WAIT,))
        try:
            at.execute("TRUNCATE item")
            self.changes.append("T item ")
        except psycopg2.errors.LockNotAvailable:
            at.execute("ROLLBACK TO SAVEPOINT before")

    def _big(self) -> str:
        """Too long for its row, so that PostgreSQL keeps it elsewhere."""
        return "".join(self.dice.choices("abcdefgh", k=2500))


@dataclass
class Application:
    """Two writers whose transactions overlap, on one seed; single-threaded, so that a seed is a history."""

    dice: random.Random
    writers: tuple[Writer, ...]

    def step(self) -> None:
        """One statement, or the end of a transaction."""
        writer = self.dice.choice(self.writers)
        if writer.is_open and self.dice.random() < 0.5:
            writer.end()
        else:
            writer.statement(alone=not any(each.is_open for each in self.writers))

    def reconnect(self, dsn: str) -> None:
        """Begin again after the connections have broken; what was open is gone."""
        for writer in self.writers:
            writer.database.close()
            writer.database = _connect(dsn)
            writer.forget()

    def settle(self) -> None:
        """End every open transaction."""
        for writer in self.writers:
            if writer.is_open:
                writer.end()

    def run(self, steps: int) -> None:
        """That many steps, and nothing left open."""
        for _ in range(steps):
            self.step()
        self.settle()


@contextmanager
def application(dsn: str, seed: int) -> Iterator[Application]:
    """An application on fresh tables."""
    dice = random.Random(seed)  # noqa: S311
    databases = [_connect(dsn) for _ in range(2)]
    app = Application(dice, tuple(Writer(dice, database, n) for n, database in enumerate(databases)))
    try:
        with databases[0], databases[0].cursor() as at:
            at.execute("DROP TABLE IF EXISTS " + ", ".join(KEYS))
            for statement in TABLES:
                at.execute(statement)
        yield app
    finally:
        for writer in app.writers:
            writer.database.close()


def _connect(dsn: str) -> connection:
    return psycopg2.connect(dsn, options=f"-c lock_timeout={_PATIENCE}")


def state(database: connection) -> dict[str, dict[tuple[str, ...], tuple[str | None, ...]]]:
    """What the tables hold, as text: table -> key -> row."""
    found = {}
    with database, database.cursor() as at:
        for table, width in KEYS.items():
            at.execute(f"SELECT * FROM {table}")
            rows = [tuple(None if value is None else str(value) for value in row) for row in at.fetchall()]
            found[table] = {row[:width]: row for row in rows}
    return found
