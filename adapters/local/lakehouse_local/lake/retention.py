"""What keeps a lake's files bounded: every few runs old versions go, and small files are joined.

The oldest run that can be read after that is :mod:`lakehouse_local.lake.kept`'s business.
"""

from collections.abc import Sequence

from lakehouse_core.ports import Table
from lakehouse_local.lake import kept, records
from lakehouse_local.lake.kept import Kept
from lakehouse_local.lake.lake import Lake
from lakehouse_local.lake.records import RunRecord
from lakehouse_local.progress import Say

KEEP_RUNS = 20
"""So many runs before the newest can be asked for at any time; up to ``EVERY`` more until the next tidying."""
EVERY = 10


def is_due(done: Sequence[RunRecord]) -> bool:
    """Whether a tenth run is among those that were just recorded."""
    return any(record.run % EVERY == 0 for record in done)


def tidy(lake: Lake, last: RunRecord, say: Say) -> None:
    """Delete what only runs before the last twenty need, and join small files.

    To be called by the holder of the lease, the run's record written. Whatever ends it half-way, the next one completes.
    """
    say("tidying up: old versions and small files")
    oldest = records.numbered(lake.storage, lake.silver, last.run - KEEP_RUNS) if last.run > KEEP_RUNS else None
    already = kept.read(lake.storage, lake.silver)
    if oldest and already and already.run > oldest.run:
        oldest = None  # an erasure has removed more
    if oldest:
        kept.write(lake.storage, lake.silver, Kept(oldest.run, oldest.as_of))
    for name, table in _tables(lake).items():
        if name not in last.tables:
            continue
        if oldest and name in oldest.tables:
            _clean(lake, table, oldest.tables[name].commit)
        lake.format.compact(table)
        if table.ordering:  # only tables that are merged into gather small files
            lake.format.optimize(table)


def _tables(lake: Lake) -> dict[str, Table]:
    bases = {f"silver.{contract.entity}": lake.base(contract) for contract in lake.blueprint.contracts.values()}
    return bases | {f"gold.{mart.name}": lake.mart(mart) for mart in lake.blueprint.marts}


def _clean(lake: Lake, table: Table, oldest: str) -> None:
    """Keep that commit and all after it; a killed run leaves commits of its own, so they are counted and not the runs."""
    commits = [commit.id for commit in lake.format.history(table)]
    if oldest in commits:
        lake.format.clean(table, len(commits) - commits.index(oldest))
