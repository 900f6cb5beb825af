"""The services' memory: documents that outlive the process, whole or not at all."""

import sqlite3
from pathlib import Path

import pytest

from lakehouse_local.errors import StateTooNew
from lakehouse_local.services.state import State


def test_documents_outlive_the_file_being_closed(tmp_path: Path) -> None:
    """What was put is there when the file is opened again, in the order of keys, and only in its own collection."""
    state = State(tmp_path / "state.db")
    state.collection("job").put("b", {"Name": "b"})
    state.collection("job").put("a", {"Name": "a", "When": 1.5})
    state.collection("trigger").put("a", {})
    state.close()
    again = State(tmp_path / "state.db")
    assert again.collection("job").items() == [("a", {"Name": "a", "When": 1.5}), ("b", {"Name": "b"})]
    again.close()


def test_a_taken_key_is_not_written_over_by_an_insert(tmp_path: Path) -> None:
    """Insert says whether the key was free; delete whether there was something."""
    jobs = State(tmp_path / "state.db").collection("job")
    assert jobs.insert("a", {"n": 1})
    assert not jobs.insert("a", {"n": 2})
    assert jobs.get("a") == {"n": 1}
    assert jobs.delete("a")
    assert not jobs.delete("a")
    assert jobs.get("a") is None


def test_a_prefix_is_taken_literally(tmp_path: Path) -> None:
    """Wildcards of SQL in a key mean themselves."""
    jobs = State(tmp_path / "state.db").collection("job")
    for key in ("a_b", "axb", "a_c"):
        jobs.put(key, {})
    assert [key for key, _ in jobs.items("a_")] == ["a_b", "a_c"]


def test_an_update_that_fails_changes_nothing(tmp_path: Path) -> None:
    """An error in a transaction takes back all that was done in it."""
    state = State(tmp_path / "state.db")
    jobs = state.collection("job")
    jobs.put("a", {"n": 1})

    def fail() -> None:
        with state.transaction():
            jobs.put("a", {"n": 2})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert jobs.get("a") == {"n": 1}
    assert jobs.update("a", lambda found: {"n": found["n"] + 1}) == {"n": 2}
    assert jobs.update("none", lambda found: found) is None


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """State that this version does not understand is left alone."""
    path = tmp_path / "state.db"
    database = sqlite3.connect(path)
    database.execute("pragma user_version = 99")
    database.close()
    with pytest.raises(StateTooNew, match="state 99"):
        State(path)
