"""``lakehouse verify``: source, bronze and silver at one consistent point, and every change on the way.

Method and its traps: design, section 7; PostgreSQL manual, "Streaming Replication Protocol" (exported snapshots).
A commit is below the point exactly if its LSN is (``<``, never ``<=``).
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lakehouse_core.contracts import Contract, Phase, position
from lakehouse_local.capture import manifest as manifests
from lakehouse_local.capture.names import lsn_text
from lakehouse_local.environment import Environment
from lakehouse_local.extensions import contracts
from lakehouse_local.lake import records
from lakehouse_local.lake.records import RunRecord
from lakehouse_local.proof import bronze, shapes, silver
from lakehouse_local.proof.bronze import Stored
from lakehouse_local.proof.digest import Digest
from lakehouse_local.proof.errors import CaughtUpShort, NothingToProve
from lakehouse_local.proof.fold import Fold
from lakehouse_local.proof.ledger import Expected, Ledger, log_problems
from lakehouse_local.proof.source import Published, Source, consistent_point
from lakehouse_local.proof.workspace import Workspace
from lakehouse_local.query import snapshot
from lakehouse_local.query.files import Files
from lakehouse_local.settings import Settings
from lakehouse_local.storage import S3Storage

PUBLICATION = "lakehouse"


@dataclass(frozen=True)
class TableProof:
    """One table: its fingerprints (``silver`` None where it has no silver table) and the keys that differ."""

    table: str
    source: Digest
    bronze: Digest
    silver: Digest | None
    open_quarantine: int
    differences: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether all sides are the same."""
        return self.source == self.bronze and self.silver in (None, self.source)


@dataclass(frozen=True)
class VerifyReport:
    """The outcome: one line per table, and what is wrong with single changes. ``lsn`` is the point that was compared.

    ``notes`` name what was left out, because not every side has it.
    """

    lsn: str
    tables: tuple[TableProof, ...]
    changes: int
    problems: tuple[str, ...]
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether nothing differs and nothing is missing."""
        return not self.problems and all(each.equal for each in self.tables)

    @property
    def exit_code(self) -> int:
        """0 if everything is equal, else 1."""
        return 0 if self.equal else 1

    def headline(self) -> str:
        """The result in one sentence."""
        rows = sum(each.source.rows for each in self.tables)
        what = f"{rows:,} rows in {len(self.tables)} tables at LSN {self.lsn}, {self.changes:,} changes"
        return f"{'equal' if self.equal else 'DIFFERENT'}: {what}, {self.seconds:.1f} s"

    def rows(self) -> list[tuple[str, int, int, int | str, str, int]]:
        """(table, rows in source, bronze, silver, equal, open quarantine) for a table of text."""
        return [
            (
                each.table,
                each.source.rows,
                each.bronze.rows,
                "-" if each.silver is None else each.silver.rows,
                "yes" if each.equal else "NO",
                each.open_quarantine,
            )
            for each in self.tables
        ]

    def details(self) -> list[str]:
        """Every difference and problem, one a line."""
        differences = [f"{each.table} {difference}" for each in self.tables for difference in each.differences]
        return [*differences, *self.problems]


def verify(environment: Environment, settings: Settings, catch_up: Callable[[int], None]) -> VerifyReport:
    """Compare source, bronze and silver at a consistent point.

    Args:
        environment: the running servers.
        settings: names of buckets, and where copies of the lake's files are kept.
        catch_up: called with the point's LSN; on return, bronze and silver hold all commits below it.

    Raises:
        NoConsistentPoint, NothingToProve, CaughtUpShort: there is nothing to compare.
        BronzeFileMissing, BronzeFileAltered, ManifestGap: bronze is not what it says it is.
    """
    started = time.monotonic()
    with (
        consistent_point(environment.postgres.capture_dsn, PUBLICATION) as published,
        TemporaryDirectory(prefix="lakehouse-verify-") as folder,
        ThreadPoolExecutor(1) as pool,
    ):
        chain = manifests.read_chain(S3Storage(environment.s3), settings.naming.bucket("bronze"))
        by_table = {f"{each.schema}.{each.table}": each for each in contracts(settings).values()}
        comparable, notes = shapes.comparable(published.tables, chain, by_table)
        source = replace(published, tables=comparable)
        wanted = pool.submit(lambda: {table.name: source.digest(table) for table in source.tables})
        catch_up(source.lsn)
        proof = _Proof(environment, settings, source, Path(folder))
        found = proof.lake()
        tables = tuple(
            proof.compared(table, wanted.result()[table.name], *found[table.name]) for table in source.tables
        )
        return VerifyReport(
            lsn=lsn_text(source.lsn),
            tables=tables,
            changes=proof.ledger.changes,
            problems=tuple(proof.problems),
            seconds=time.monotonic() - started,
            notes=tuple(notes),
        )


def show(report: VerifyReport, out: Console) -> None:
    """Print one line per table (``held``: rows in open quarantine), then every difference, then the result."""
    lines = Table(header_style="bold")
    lines.add_column("table", no_wrap=True)
    for name in ("source", "bronze", "silver", "equal", "held"):
        lines.add_column(name, justify="left" if name == "equal" else "right", no_wrap=True)
    for table, *counts, equal, held in report.rows():
        mark = Text(equal, style="green" if equal == "yes" else "bold red")
        shown = (f"{n:,}" if isinstance(n, int) else str(n) for n in counts)
        lines.add_row(table.removeprefix("public."), *shown, mark, f"{held:,}")
    out.print(lines)
    for note in report.notes:
        out.print(Text(note, style="yellow"))
    for problem in report.details():
        out.print(Text(problem, style="red"))
    out.print(Text(report.headline(), style="bold green" if report.equal else "bold red"))


class _Proof:
    """One proof's state while it is made."""

    def __init__(self, environment: Environment, settings: Settings, source: Source, folder: Path) -> None:
        storage = S3Storage(environment.s3)
        self._naming = settings.naming
        self._files = Files(environment.s3, settings.home / "query-cache")
        self._source = source
        self._point = source.lsn
        self._workspace = Workspace(folder)
        self._folder = folder
        self._chain = manifests.read_chain(storage, self._naming.bucket("bronze"))
        if not self._chain:
            raise NothingToProve("nothing was captured yet", hint="lakehouse run")
        self._record = records.latest(storage, self._naming)
        self._contracts = {f"{each.schema}.{each.table}": each for each in contracts(settings).values()}
        self._epoch = self._chain[-1].epoch
        self.ledger = Ledger()
        self.problems: list[str] = []
        self._reached()

    def _reached(self) -> None:
        """Silver must have taken in every manifest that begins below the point.

        How far bronze itself goes is not asked: a capture that finds no changes writes no manifest.
        """
        wanted = max(
            each.sequence for each in self._chain if each.epoch == self._epoch and each.start_lsn < self._point
        )
        applied = self._record.applied_until if self._record else None
        if applied is None or (applied.epoch, applied.sequence) < (self._epoch, wanted):
            done = f"manifest {applied.sequence} of epoch {applied.epoch}" if applied else "nothing"
            raise CaughtUpShort(
                f"silver has taken in {done}; the consistent point {lsn_text(self._point)} needs manifest {wanted}"
                f" of epoch {self._epoch}",
                hint="lakehouse run, then verify again",
            )

    def lake(self) -> dict[str, tuple[str, str | None, int]]:
        """For each table the relations of bronze and silver (None without silver), and its open quarantine."""
        stored = bronze.checked(self._files, self._naming.bucket("bronze"), self._chain)
        folds, expected = self._folded(stored)
        found: dict[str, tuple[str, str | None, int]] = {}
        load = next(each for each in self._chain if each.epoch == self._epoch and each.kind == "load")
        for table in self._source.tables:
            paths = [stored[entry.key].path for entry in load.files if entry.table == table.name]
            in_bronze = self._workspace.bronze(table, paths, folds[table.name], load)
            contract = self._contracts.get(table.name)
            in_silver, held = None, 0
            if contract is not None and self._record is not None:
                in_silver, held = self._silver(contract, table, in_bronze, self._record, expected[table.name])
            found[table.name] = (in_bronze, in_silver, held)
        return found

    def _folded(self, stored: dict[str, Stored]) -> tuple[dict[str, Fold], dict[str, Path]]:
        """Pass all changes once: through the ledger, into the folds (below the point), into what silver must hold."""
        folds = {t.name: Fold(tuple(t.columns.index(name) for name in t.key)) for t in self._source.tables}
        published = {table.name: table for table in self._source.tables}
        expected = Expected(self._folder, self._contracts)
        applied = (self._record.applied_until.epoch, self._record.applied_until.sequence) if self._record else (0, 0)
        for each in self._chain:
            places = {
                name: [shape.columns.index(column) for column in published[name].columns]
                for name, shape in each.tables.items()
                if name in published and shape.columns != published[name].columns and each.epoch == self._epoch
            }
            if each.kind == "load":
                continue
            taken_in = (each.epoch, each.sequence) <= applied
            for change in self.ledger.watch(each, bronze.changes(each, stored)):
                fold = folds.get(change.table)
                if fold is None:
                    continue
                if (at := places.get(change.table)) is not None:
                    change = replace(change, row=tuple(change.row[place] for place in at))  # noqa: PLW2901
                if each.epoch == self._epoch and change.commit_lsn < self._point:
                    fold.apply(change)
                if taken_in:
                    expected.add(each.epoch, change, fold.key_of(change))
        self.problems += self.ledger.problems
        return folds, expected.close()

    def _silver(
        self, contract: Contract, table: Published, in_bronze: str, record: RunRecord, expected: Path
    ) -> tuple[str, int]:
        bucket, entity = self._naming.bucket("silver"), contract.entity
        state = record.tables[f"silver.{entity}"]
        base = snapshot.snapshot(self._files, bucket, entity, record.format, state.commit)
        log = snapshot.log(self._files, bucket, f"{entity}_version", record.run)
        held = snapshot.log(self._files, bucket, f"quarantine/entity={entity}", record.run)
        work, local = self._workspace, self._files.local
        parts = silver.Silver(
            contract=contract,
            table=table,
            base=work.parquet(f"base {entity}", local(base)),
            log=work.parquet(f"log {entity}", local(log)),
            quarantine=work.parquet(f"quarantine {entity}", local(held)) if held else silver.NO_QUARANTINE,
            bronze=in_bronze,
            floor=state.floor,
            first_cell=4 if self._chain[-1].layout == "transactions" else 2,
            cells=self._cells(table),
        )
        applied = record.applied_until
        loads = [
            (each.epoch, each.tables[table.name].load_rows)
            for each in self._chain
            if each.kind == "load" and table.name in each.tables and each.epoch <= applied.epoch
        ]
        self.problems += log_problems(work.connection, parts, expected, loads)
        limit = position(self._epoch, Phase.CHANGE, self._point, 0)
        return silver.rows_below(work.connection, parts, limit)

    def _cells(self, table: Published) -> dict[str, int]:
        """Where each column stands among the cells of a quarantined row; nothing where that has changed meanwhile."""
        forms = shapes.shapes(self._chain, table.name)
        return {name: forms[0].index(name) for name in table.columns} if len(forms) == 1 else {}

    def compared(
        self, table: Published, wanted: Digest, in_bronze: str, in_silver: str | None, held: int
    ) -> TableProof:
        """A table's line; where fingerprints differ, the keys that do."""
        sides = {"bronze": in_bronze} | ({"silver": in_silver} if in_silver else {})
        digests = {side: self._workspace.digest(relation, table.columns) for side, relation in sides.items()}
        differences: Sequence[str] = []
        if any(digest != wanted for digest in digests.values()):
            hashes = self._folder / "source.csv"
            self._source.write_hashes(table, hashes)
            differences = [
                line
                for side, relation in sides.items()
                if digests[side] != wanted
                for line in self._workspace.differences(hashes, relation, table, side)
            ]
        return TableProof(table.name, wanted, digests["bronze"], digests.get("silver"), held, tuple(differences))
