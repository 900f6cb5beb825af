"""What each run did to one table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from lakehouse_core.contracts import CONTRACTS, Contract, Naming
from lakehouse_core.errors import TableMissing
from lakehouse_core.ports import Storage
from lakehouse_local.lake import kept, records
from lakehouse_local.lake.records import TableRecord
from lakehouse_local.query import names


@dataclass(frozen=True)
class HistoryRow:
    """One commit of a table: the run that made it, and the business time up to which its data goes.

    ``kept``: whether it can still be read; the newest one from before the oldest run that is kept can, too.
    """

    run: int
    as_of: datetime
    change: TableRecord
    kept: bool = True


def history(
    storage: Storage, naming: Naming, table: str, contracts: Mapping[str, Contract] = CONTRACTS
) -> list[HistoryRow]:
    """The commits of a table, oldest first; runs that left it alone are not among them.

    ``table`` may be a base table, a reader's view or a mart, with or without its layer; UnknownTable lists what there is.
    """
    found = records.every(storage, naming)
    if not found:
        raise TableMissing("the lake is empty: no run has finished yet", hint="lakehouse run")
    name = names.recorded_table(found[-1], naming, table, contracts)
    rows: list[HistoryRow] = []
    for record in found:
        change = record.tables.get(name)
        if change is not None and (not rows or rows[-1].change.commit != change.commit):
            rows.append(HistoryRow(record.run, record.as_of, change))
    oldest = kept.read(storage, naming.bucket("silver"))
    first = max((at for at, row in enumerate(rows) if oldest and row.run <= oldest.run), default=0)
    return [replace(row, kept=at >= first) for at, row in enumerate(rows)]
