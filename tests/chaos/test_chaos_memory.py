"""A transaction of a gigabyte goes through a capture that stays small."""

import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import psutil
import psycopg2
import pytest
from chaos.capturing import End, Life, Subject, ended
from chaos.share import SHARE

from lakehouse_local.capture import manifest
from lakehouse_local.capture.dms import POC_WIRE
from lakehouse_local.storage import S3Storage

pytestmark = pytest.mark.slow

CHILD = Path(__file__).parents[1] / "adapters" / "capture" / "child.py"
ROW_BYTES = 1_000
ROWS = round(1_000_000 * min(1.0, max(SHARE, 0.1)))
MOST_BYTES = 256 << 20
PATIENCE_SECONDS = 900.0


def test_a_transaction_of_a_gigabyte(subject: Subject) -> None:
    """One INSERT of a million rows of a thousand bytes: all of them arrive, and the process stays below 256 MiB."""
    dsn, storage = subject.source.owner_dsn, S3Storage(subject.s3)
    with psycopg2.connect(dsn) as database, database.cursor() as at:
        at.execute("DROP TABLE IF EXISTS item, pair, ledger, large")
        at.execute("CREATE TABLE large (id int PRIMARY KEY, body text)")
        database.commit()
        assert ended(subject.start(Life(POC_WIRE))) is End.DONE
        at.execute(
            "INSERT INTO large SELECT n, repeat(md5(n::text), %s) FROM generate_series(1, %s) AS n",
            (ROW_BYTES // 32, ROWS),
        )
        database.commit()
    process = subprocess.Popen([sys.executable, str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    parts = {
        "dsn": dsn, "capture_dsn": subject.source.capture_dsn, "s3": asdict(subject.s3), "settings": {},
    }  # fmt: skip
    process.stdin.write(json.dumps(parts).encode())
    process.stdin.close()
    watched, most, deadline = psutil.Process(process.pid), 0, time.monotonic() + PATIENCE_SECONDS
    try:
        while time.monotonic() < deadline:
            most = max(most, watched.memory_info().rss)
            newest = manifest.newest(storage, subject.bucket)
            if newest is not None and sum(file.rows for file in newest.files) == ROWS:
                break
            time.sleep(0.25)
        else:
            pytest.fail("the transaction did not arrive")
    finally:
        process.kill()
        process.wait()
        with psycopg2.connect(dsn) as database, database.cursor() as at:
            at.execute("DROP TABLE large")
    print(f"{ROWS:,} rows in one transaction: at most {most >> 20} MiB")  # noqa: T201 - a figure of this machine
    assert most < MOST_BYTES
