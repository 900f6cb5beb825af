"""Sessions: events before, sessions after."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from pyspark.sql import DataFrame

from lakehouse_core import silver
from lakehouse_core.contracts import CONTRACTS, Contract

Rows = Callable[[Contract, Sequence[Mapping[str, Any]]], DataFrame]

START = datetime(2026, 1, 31, 23, 50)  # noqa: DTZ001  Spark takes naive times in the session's zone, UTC
HALF_HOUR = 30 * 60

# title, events (id, visitor, seconds after the start), sessions (ids in order)
CASES: list[tuple[str, list[tuple[int, str, float]], list[list[int]]]] = [
    ("one event", [(1, "a", 0)], [[1]]),
    ("a gap of exactly 30 minutes goes on, over midnight", [(1, "a", 0), (2, "a", HALF_HOUR)], [[1, 2]]),
    ("a microsecond more starts a session", [(1, "a", 0), (2, "a", HALF_HOUR + 1e-6)], [[1], [2]]),
    ("the gap counts, not the session's length", [(k, "a", k * 1_500) for k in range(1, 6)], [[1, 2, 3, 4, 5]]),
    ("visitors do not share sessions", [(1, "a", 0), (2, "b", 1), (3, "a", 2)], [[1, 3], [2]]),
    ("at one instant the id decides", [(9, "a", 0), (2, "a", 0), (5, "a", 0)], [[2, 5, 9]]),
    ("a late event bridges", [(1, "a", 0), (2, "a", 3_000), (3, "a", 1_500)], [[1, 3, 2]]),
    ("a late event precedes", [(1, "a", 600), (2, "a", 9_000), (3, "a", 0)], [[3, 1], [2]]),
]


def _sessions(rows: Rows, events: Sequence[tuple[int, str, float]]) -> dict[str, list[int]]:
    """The ids of each session's events by their place in it."""
    frame = rows(
        CONTRACTS["event"],
        [
            {"id": key, "tenant_id": 1, "anonymous_id": visitor, "occurred_at": START + timedelta(seconds=after)}
            for key, visitor, after in events
        ],
    )
    found: dict[str, dict[int, int]] = {}
    for row in silver.event.sessions(frame).collect():
        found.setdefault(row["session_id"], {})[row["session_seq"]] = row["id"]
    for places in found.values():
        assert sorted(places) == list(range(1, len(places) + 1))
    return {session: [places[place] for place in sorted(places)] for session, places in found.items()}


@pytest.mark.parametrize(("title", "events", "sessions"), CASES, ids=[case[0] for case in CASES])
def test_sessions(rows: Rows, title: str, events: list[tuple[int, str, float]], sessions: list[list[int]]) -> None:
    """Events form the sessions that the data model says."""
    assert sorted(_sessions(rows, events).values()) == sorted(sessions), title


def test_the_order_of_rows_does_not_count(rows: Rows) -> None:
    """Whatever order events arrive in, they have the same session ids."""
    events = [(1, "a", 0.0), (2, "a", 1_700.0), (3, "a", 9_000.0)]
    expected = _sessions(rows, events)
    assert all(_sessions(rows, order) == expected for order in list(permutations(events))[1::2])


def test_a_late_event_rekeys_only_the_sessions_it_touches(rows: Rows) -> None:
    """An event before a session gives that session a new id; the others keep theirs."""
    events = [(1, "a", 600.0), (2, "a", 9_000.0), (3, "b", 600.0)]
    before, after = _sessions(rows, events), _sessions(rows, [*events, (4, "a", 0.0)])
    assert {tuple(ids) for session, ids in after.items() if session not in before} == {(4, 1)}
    assert {tuple(ids) for session, ids in before.items() if session not in after} == {(1,)}


def test_tombstones_have_no_session(rows: Rows) -> None:
    """A row without visitor and time stays, without a session; so do all that are like it."""
    named = silver.event.sessions(rows(CONTRACTS["event"], [{"id": 1}, {"id": 2}]))
    assert named.select("id", "session_id", "session_seq").orderBy("id").collect() == [(1, None, None), (2, None, None)]
