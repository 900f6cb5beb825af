"""Capture is killed at random while the application writes; nothing may be lost or doubled."""

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import psycopg2
from captured import Capture

from lakehouse_local.environment import PostgresPart, S3Part

KILLS = 10


def _write(dsn: str, writer: int, stop: threading.Event) -> None:
    """Transactions of random size, some rolled back; each that commits says in the ledger how many rows it wrote."""
    chance = random.Random(writer)  # noqa: S311
    database = psycopg2.connect(dsn)
    number = 0
    while not stop.is_set():
        number += 1
        count = chance.choice([1, 2, 5, 40])
        with database.cursor() as cursor:
            cursor.execute(
                "INSERT INTO item SELECT %s, %s, n FROM generate_series(1, %s) AS n", (writer, number, count)
            )
            cursor.execute("INSERT INTO ledger VALUES (%s, %s, %s)", (writer, number, count))
        if chance.random() < 0.2:
            database.rollback()
        else:
            database.commit()
        time.sleep(0.005)
    database.close()


def test_every_change_once_through_ten_kills(capture: Capture, postgres: PostgresPart, s3: S3Part) -> None:
    """After ten kill -9 at random, each change of each committed transaction is in bronze exactly once."""
    capture.sql(
        "CREATE TABLE item (writer int, tx int, n int, PRIMARY KEY (writer, tx, n))",
        "CREATE TABLE ledger (writer int, tx int, changes int, PRIMARY KEY (writer, tx))",
    )
    capture.load()
    stop = threading.Event()
    writers = [threading.Thread(target=_write, args=(postgres.dsn, n, stop)) for n in range(3)]
    for writer in writers:
        writer.start()
    chance = random.Random(7)  # noqa: S311
    told = 0
    try:
        for _ in range(KILLS):
            settings = {"CdcMinFileSize": chance.choice([1, 3, 10, 32_000])}  # the cuts differ on every restart
            child = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("child.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert child.stdin is not None
            assert child.stdout is not None
            parts = {"dsn": postgres.dsn, "capture_dsn": postgres.capture_dsn, "s3": asdict(s3), "settings": settings}
            child.stdin.write(json.dumps(parts).encode())
            child.stdin.close()
            told += bool(child.stdout.readline())
            time.sleep(chance.uniform(0, 0.6))
            child.kill()
            child.wait()
            child.stdout.close()
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    capture.drain()
    assert told == KILLS
    changes = capture.changes()
    assert max(Counter(change.position for change in changes).values()) == 1
    assert [change.position for change in changes] == sorted(change.position for change in changes)
    rows = Counter(change.values[:2] for change in changes if change.table == "public.item")
    ledger = {change.values[:2]: int(change.values[2]) for change in changes if change.table == "public.ledger"}
    assert rows == Counter(ledger)
    with capture.app.cursor() as cursor:
        cursor.execute("SELECT writer::text, tx::text, changes FROM ledger")
        assert {(writer, tx): count for writer, tx, count in cursor.fetchall()} == ledger
    numbers = [number for each in capture.chain() for number in [each.change_counter]]
    assert numbers[-1] == len(changes)
