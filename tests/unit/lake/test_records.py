"""Run records: what a run leaves behind, and finding the one for a business time."""

import json
from datetime import UTC, datetime

import pytest
from memory import MemoryStorage

from lakehouse_core.contracts import Naming
from lakehouse_local.errors import NoSuchTime, StateTooNew
from lakehouse_local.lake import records
from lakehouse_local.lake.records import Applied, RunRecord, TableRecord

NAMING = Naming()


def record(run: int, day: int) -> RunRecord:
    """A record of a run that took in data up to that day."""
    return RunRecord(
        run=run,
        as_of=datetime(2026, 6, day, 12, tzinfo=UTC),
        format="hudi",
        wire="dms",
        applied_until=Applied(1, run, 100 + run),
        tables={"silver.order": TableRecord(f"c{run}", rows_in=3, upserts=2, deletes=1, floor="0001.1")},
        marts=("revenue_daily",),
    )


def stored(*found: RunRecord) -> MemoryStorage:
    """A storage that holds the records."""
    storage = MemoryStorage()
    for each in found:
        storage.put(NAMING.bucket("silver"), each.key, each.to_json())
    return storage


def test_a_record_survives_its_json() -> None:
    """What is read back equals what was written."""
    assert RunRecord.from_json(record(7, 3).to_json()) == record(7, 3)


def test_latest_is_the_newest_record_or_none() -> None:
    """Before the first run there is none."""
    assert records.latest(stored(), NAMING) is None
    assert records.latest(stored(record(9, 1), record(10, 2)), NAMING) == record(10, 2)


def test_at_finds_the_newest_record_not_later() -> None:
    """A time between two runs gives the earlier one, an equal time the run itself."""
    storage = stored(record(1, 1), record(2, 1), record(3, 5))
    assert records.at(storage, NAMING, datetime(2026, 6, 1, 12, tzinfo=UTC)).run == 2
    assert records.at(storage, NAMING, datetime(2026, 6, 4, tzinfo=UTC)).run == 2
    assert records.at(storage, NAMING, datetime(2027, 1, 1, tzinfo=UTC)).run == 3


def test_a_time_before_the_first_run_is_refused() -> None:
    """The error says what the first time is."""
    with pytest.raises(NoSuchTime, match="2026-06-01T12:00:00"):
        records.at(stored(record(1, 1)), NAMING, datetime(2026, 5, 1, tzinfo=UTC))


def test_a_newer_record_is_refused() -> None:
    """One that a newer version wrote is named; one without a version is the first format's."""
    body = json.loads(record(7, 3).to_json())
    assert body["version"] == 1
    with pytest.raises(StateTooNew, match="run record 7 was written by a newer version"):
        RunRecord.from_json(json.dumps(body | {"version": 2}).encode())
    body.pop("version")
    assert RunRecord.from_json(json.dumps(body).encode()) == record(7, 3)


def test_the_format_that_was_found() -> None:
    """Is that of the newest record's own bytes; None before the first run."""
    storage = MemoryStorage()
    assert records.newest_version(storage, NAMING) is None
    body = json.loads(record(7, 3).to_json())
    body.pop("version")
    storage.put(NAMING.bucket("silver"), record(7, 3).key, json.dumps(body).encode())
    assert records.newest_version(storage, NAMING) == 1
    storage.put(NAMING.bucket("silver"), record(8, 4).key, json.dumps(body | {"run": 8, "version": 2}).encode())
    with pytest.raises(StateTooNew, match="run record 8"):
        records.newest_version(storage, NAMING)
