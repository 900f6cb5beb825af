"""kill -9 of `lakehouse replicate` and of `lakehouse run`, ten times each, at random moments while the source changes."""

import json
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psutil
import psycopg2
import pytest
from lakehouse_home import FEW_MARTS, Lakehouse, until

EXTENSIONS = FEW_MARTS

KILLS = 10
# The seed ends the day before.
START = datetime(2025, 7, 2, tzinfo=UTC)
CAPTURING, SPARK, SILVER, GOLD = "looking for changes", "starting Spark", "silver: ", "gold: "
# Where each of the ten runs is when it is killed; the moment within the stage is random.
STAGES = (SILVER, GOLD, CAPTURING, SILVER, GOLD, SPARK, SILVER, GOLD, SPARK, SILVER)

pytestmark = pytest.mark.timeout(1800)


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


def kill_after(process: subprocess.Popen[str], line: str, delay: float) -> bool:
    """SIGKILL the process `delay` seconds after it said the line; whether it was still alive to be killed."""
    assert process.stderr is not None
    heard = []
    for said in process.stderr:
        heard.append(said)
        if said.startswith(line):
            break
    else:
        assert process.wait() == 0, "".join(heard)
        return False
    time.sleep(delay)
    process.kill()
    process.stderr.close()
    return process.wait() == -signal.SIGKILL


def assert_proven(lake: Lakehouse) -> None:
    """All that was committed is in silver, once; each run's account is right."""
    lake.run()
    report = lake.verify()
    assert report.equal, report.details()
    for record in lake.records():
        for name, entry in record.tables.items():
            assert entry.rows_in == entry.upserts + entry.deletes + entry.quarantined + entry.superseded, (record, name)


def test_replicate_survives_ten_kills(lake: Lakehouse) -> None:
    """Killed during the load and during the changes of a busy source, capture goes on where its last manifest ends."""
    dice = random.Random(11)  # noqa: S311
    with business(lake, seed=1) as going:
        for number in range(KILLS):
            # The first ones meet the full load, which takes about a second.
            delay = dice.uniform(0, 0.6) if number < 4 else dice.uniform(0.2, 2)
            assert kill_after(lake.start("replicate"), "capturing", delay)
            going.goes_on()
    assert_proven(lake)


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


def durations(lake: Lakehouse) -> Mapping[str, float]:
    """How long each stage of a run takes here, in seconds, by the line with which it begins."""
    said = lake.command("run", "--json")
    assert said.ended == (0, None), said.err
    seconds = json.loads(said.out)["seconds"]
    return {
        CAPTURING: seconds["capture"] + 1,
        SPARK: seconds["Spark"],
        SILVER: seconds["silver"],
        # The record follows gold: a little beyond its end is the moment between the two.
        GOLD: seconds["gold"] + 0.2,
    }


@pytest.mark.slow
def test_run_survives_ten_kills(lake: Lakehouse) -> None:
    """Killed while it captures, starts Spark, writes silver, gold or its record, the next run repeats what was begun."""
    dice = random.Random(13)  # noqa: S311
    lake.simulate(1)
    seconds = durations(lake)
    begun = 0
    with business(lake, seed=2):
        for stage in STAGES:
            runs = len(lake.records())
            while not kill_after(lake.start("run"), stage, dice.uniform(0, seconds[stage])):
                pass  # It was quicker than its killer, which is no kill.
            begun += any(True for _ in lake.storage.keys(lake.bucket("silver"), f"_lakehouse/intents/{runs + 1:012d}"))
    until(lambda: not orphans(lake))
    assert begun >= STAGES.count(SILVER), "hardly any kill met a run that had begun to write"
    assert_proven(lake)
