# ruff: noqa: S608 - names and literals in the SQL are quoted by digest.py, and nobody else writes them
"""The account of single changes: sums of states miss a lost transaction that nets to zero, this does not.

Bronze: positions only rise, numbers inside a transaction have no hole, the capture's change counter has none over the
whole epoch, and files and manifests hold as many rows as they say. Silver: every position of bronze is in the change
log exactly as often as its change makes rows there (a key change makes two), or in quarantine.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from lakehouse_core.contracts import Phase, position
from lakehouse_local.capture.manifest import Manifest
from lakehouse_local.proof.digest import literal
from lakehouse_local.proof.fold import Change
from lakehouse_local.proof.silver import Silver

SHOWN = 10
_OPS = {"I": "inserts", "U": "updates", "D": "deletes", "T": "truncates"}


@dataclass
class Ledger:
    """Watches changes pass by; ``problems`` says what is wrong, ``changes`` how many there were."""

    problems: list[str] = field(default_factory=list)
    changes: int = 0
    _epoch: int = 0
    _at: tuple[int, int] = (0, 0)
    _counter: int = 0

    def watch(self, manifest: Manifest, passing: Iterable[Change]) -> Iterator[Change]:
        """The same changes, checked: manifests in their order, each with its changes in theirs."""
        if manifest.epoch != self._epoch:
            self._epoch, self._at, self._counter = manifest.epoch, (0, 0), 0
        seen: Counter[tuple[str, str]] = Counter()
        for change in passing:
            self._check(manifest, change)
            seen[change.table, _OPS.get(change.op, change.op)] += 1
            yield change
        told = {
            (name, what): count
            for name, entry in manifest.tables.items()
            for what in _OPS.values()
            if (count := getattr(entry, what))
        }
        if dict(seen) != told:
            self._say(f"{manifest.key} says {told}, its files hold {dict(seen)}")
        if (listed := sum(entry.rows for entry in manifest.files)) != seen.total():
            self._say(f"{manifest.key} lists {listed} rows, its files hold {seen.total()}")
        if manifest.change_counter != self._counter:
            self._say(f"{manifest.key} ends at change {manifest.change_counter}, its files at {self._counter}")

    def _check(self, manifest: Manifest, change: Change) -> None:
        at = (change.commit_lsn, change.sequence)
        where = f"change {change.commit_lsn:X}.{change.sequence:X} of {change.table} ({manifest.key})"
        if at <= self._at:
            self._say(f"{where} comes twice or out of order")
        elif change.sequence != (self._at[1] + 1 if change.commit_lsn == self._at[0] else 0):
            self._say(f"changes are missing before {where}: its transaction has a hole")
        if change.counter != self._counter + 1:
            self._say(f"{change.counter - self._counter - 1} changes are missing before {where}")
        if not manifest.start_lsn <= change.commit_lsn < manifest.end_lsn:
            self._say(f"{where} lies outside its manifest's range")
        self.changes += 1
        self._at, self._counter = (change.commit_lsn, change.sequence + change.numbers - 1), change.counter

    def _say(self, problem: str) -> None:
        if len(self.problems) < SHOWN:
            self.problems.append(problem)


class Expected:
    """Writes down, per table, the rows that each change makes in silver's change log."""

    def __init__(self, folder: Path, tables: Iterable[str]) -> None:
        self._files = {name: (folder / f"{name}.expected.csv").open("w", newline="") for name in tables}
        self._writers = {name: csv.writer(file) for name, file in self._files.items()}

    def add(self, epoch: int, change: Change, key: tuple[str, ...]) -> None:
        """Take a change; tables without silver are left out."""
        if change.table in self._writers:
            rows = 2 if change.old_key is not None and change.old_key != key else 1
            at = position(epoch, Phase.CHANGE, change.commit_lsn, change.sequence)
            self._writers[change.table].writerow((at, rows))

    def close(self) -> dict[str, Path]:
        """The files, complete."""
        for file in self._files.values():
            file.close()
        return {name: Path(file.name) for name, file in self._files.items()}


def log_problems(
    connection: duckdb.DuckDBPyConnection, silver: Silver, expected: Path, loads: Sequence[tuple[int, int]]
) -> list[str]:
    """What is wrong between a table's bronze and its change log in silver.

    ``expected`` is what :class:`Expected` wrote for it, ``loads`` has (epoch, rows) of the full loads.
    """
    table, log, quarantine = silver.table.name, silver.log, silver.quarantine
    # The phase is the sixth character of a position.
    rows = connection.execute(
        f"with expected as (select * from read_csv({literal(str(expected))}, header = false, "
        "auto_detect = false, delim = ',', columns = {'p': 'VARCHAR', 'n': 'BIGINT'})), "
        f"logged as (select _position as p, count(*) as n from {log} where _position[6] = '1' group by 1), "
        f"bad as (select distinct _position as p from {quarantine}) "
        "select p, coalesce(expected.n, 0), coalesce(logged.n, 0) from expected full join logged using (p) "
        "where coalesce(expected.n, 0) <> coalesce(logged.n, 0) "
        f"and not (logged.n is null and p in (from bad)) order by p limit {SHOWN}"
    ).fetchall()
    problems = [f"{table}: change {p} made {found} rows in the change log instead of {want}" for p, want, found in rows]
    for epoch, want in loads:
        prefix = literal(f"{epoch:04d}.0.")
        ((found,),) = connection.execute(
            # A load over an older one begins with a truncate of its own.
            f"select (select count(*) from {log} where starts_with(_position, {prefix}) and _op <> 'T') "
            f"+ (select count(*) from {quarantine} where key is null and starts_with(_position, {prefix}))"
        ).fetchall()
        if found != want:
            problems.append(f"{table}: the load of epoch {epoch} had {want} rows, the change log has {found}")
    return problems
