"""A business whose transactions go on while the lake is written, and the proof of a lake afterwards."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psutil
import psycopg2
from lakehouse_home import Lakehouse, until

# The seed ends the day before.
START = datetime(2025, 7, 2, tzinfo=UTC)


class Business:
    """Transactions of random kind and size on the seeded tables; some are rolled back."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311
        self._number = 0
        self.committed = 0

    def transaction(self, database: psycopg2.extensions.connection) -> None:
        """One transaction."""
        self._number += 1
        key = self._dice.randint(1, 1000)
        moment = START + timedelta(seconds=self._number)
        statements = (
            f"update core_order set total_amount = total_amount + 1, updated_at = now() where id between {key} and {key + 3}",
            f"update core_customer set first_name = 'N{self._number}' where id = {key % 128 + 1}",
            f"update core_event set metadata = '{{\"n\": {self._number}}}' where id = {key}",
            f"delete from core_event where id = {key + 2000}",
            f"update core_orderitem set id = id + 100000 where id = {key}",
            f"update core_product set stock_quantity = {self._number} where id = {key % 16 + 1}",
        )
        with database.cursor() as cursor:
            # Without it, these would be changes of the real today: months after the seed's last day.
            cursor.execute("select pg_logical_emit_message(true, 'lakehouse.clock', %s)", (moment.isoformat(),))
            for statement in self._dice.sample(statements, self._dice.randint(1, 3)):
                cursor.execute(statement)
        if self._dice.random() < 0.2:
            database.rollback()
        else:
            database.commit()
            self.committed += 1

    def goes_on(self) -> None:
        """Wait for the next commit."""
        before = self.committed
        until(lambda: self.committed > before)


@contextmanager
def business(lake: Lakehouse, seed: int) -> Iterator[Business]:
    """Transactions one after another for as long as the block lasts."""
    stop = threading.Event()
    going = Business(seed)

    def work() -> None:
        with lake.database() as database:
            while not stop.wait(0.01):
                going.transaction(database)

    writer = threading.Thread(target=work)
    writer.start()
    try:
        yield going
    finally:
        stop.set()
        writer.join()


def assert_proven(lake: Lakehouse) -> None:
    """All that was committed is in silver, once; each run's account is right."""
    lake.run()
    report = lake.verify()
    assert report.equal, report.details()
    for record in lake.records():
        for name, entry in record.tables.items():
            assert entry.rows_in == entry.upserts + entry.deletes + entry.quarantined + entry.superseded, (record, name)


def orphans(lake: Lakehouse) -> list[psutil.Process]:
    """The Java processes that killed runs of this home left behind."""
    ours = psutil.Process().children(recursive=True)
    return [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] == "java"
        and str(lake.settings.home) in " ".join(process.info["cmdline"] or ())
        and process not in ours
    ]
