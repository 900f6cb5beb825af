"""What must hold whatever happened: bronze says of every committed transaction all of it, once, and of no other."""

from collections import defaultdict

from psycopg2.extensions import connection

from chaos.application import KEYS, digest, state
from chaos.bronze import Bronze, Change


def assert_nothing_lost(bronze: Bronze, source: connection) -> None:
    """State and log: bronze folds to what the source holds, and has each transaction's changes exactly once."""
    held = state(source)
    _assert_once(bronze, held["ledger"])
    folded = bronze.state()
    for table, rows in held.items():
        assert folded[table] == rows, f"{table}: {_difference(folded[table], rows)}"


def _assert_once(bronze: Bronze, ledger: dict[tuple[str, ...], tuple[str | None, ...]]) -> None:
    positions = [change.position for change in bronze.changes]
    assert len(set(positions)) == len(positions), "a change is in bronze twice"
    transactions: dict[str, list[Change]] = defaultdict(list)
    for change in sorted(bronze.changes, key=lambda each: each.position):
        transactions[change.commit].append(change)
    seen = {row[:1] for row in bronze.loaded.get("ledger", [])}
    for commit, changes in transactions.items():
        *made, entry = changes
        assert entry.table == "ledger", f"transaction {commit} does not end with its ledger row"
        assert entry.row[:1] not in seen, f"transaction {entry.row[0]} is in bronze twice"
        seen.add(entry.row[:1])
        told = [_told(change) for change in made]
        assert (str(len(told)), digest(told)) == entry.row[1:], f"transaction {entry.row[0]}: {told}"
    assert seen == set(ledger), f"transactions only on one side: {seen ^ set(ledger)}"


def _told(change: Change) -> str:
    key = () if change.op == "T" else change.row[: KEYS[change.table]]
    return f"{change.op} {change.table} " + "|".join(key)


def _difference(found: dict[tuple[str, ...], object], wanted: dict[tuple[str, ...], object]) -> str:
    wrong = [key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key)]
    return "; ".join(f"{key}: bronze {found.get(key)}, source {wanted.get(key)}" for key in sorted(wrong)[:5])
