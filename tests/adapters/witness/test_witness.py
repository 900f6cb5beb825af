"""Real Debezium and our capture read the same WAL: the same tables, and event for event the same fields."""

from collections import Counter
from pathlib import Path

import pytest
from witness import explained
from witness.compare import debezium_topic_of, differences, topic_of
from witness.events import by_topic
from witness.fold import folded_events
from witness.run import Seen
from witness.values import from_capture, from_json

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "debezium-differences.md"
TABLES = ("Odd name", "document", "edge", "line", "passing", "sample", "spare", "whole")
LOST = {"edge": {"day"}}
"""Columns that Debezium's numbers do not hold: dates of 44 BC and without end (see the page)."""


@pytest.mark.parametrize("name", TABLES)
def test_both_wires_and_debezium_agree_with_the_table(seen: Seen, name: str) -> None:
    """Folding DMS's rows, our events and Debezium's each gives the rows of the table, but for what Debezium loses."""
    table, rows = next(each for each in seen.tables if each.name == name), seen.state[name]
    assert rows
    assert seen.dms[name] == rows
    assert folded_events(by_topic(seen.ours)[topic_of(table)], table, from_capture) == rows
    theirs = folded_events(by_topic(seen.debezium)[debezium_topic_of(table)], table, from_json)
    assert theirs.keys() == rows.keys()
    lost = {column for key, row in rows.items() for column in row if theirs[key][column] != row[column]}
    assert lost == LOST.get(name, set())


def test_every_table_is_compared(seen: Seen) -> None:
    """The list of tables above is that of the program."""
    assert tuple(table.name for table in seen.tables) == TABLES


def test_each_difference_is_explained_and_each_explanation_is_needed(seen: Seen) -> None:
    """Every field that differs from Debezium's is on the list, and nothing is on the list that does not differ."""
    found = list(differences(seen.debezium, seen.ours, seen.tables))
    entries = [explained.explanation(each) for each in found]
    counted = Counter(entry for entry in entries if entry)
    print(f"{'times':>5}  {'field':60}  {'Debezium':60}  ours")  # noqa: T201 - the table is what the test shows
    for entry in explained.EXPLAINED:
        print(f"{counted[entry]:5}  {entry.field:60.60}  {entry.debezium:60.60}  {entry.ours}")  # noqa: T201
    assert not [str(each) for each, entry in zip(found, entries, strict=True) if entry is None]
    assert not [entry.field for entry in explained.EXPLAINED if not counted[entry]]


def test_the_page_of_differences_is_the_list() -> None:
    """docs/reference/debezium-differences.md says what the list says (PYTHONPATH=tests/support python -m witness > the page)."""
    assert PAGE.read_text(encoding="utf-8") == explained.page()
