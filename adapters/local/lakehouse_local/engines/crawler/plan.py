"""What a crawl changes in the catalog: found against known, under the schema change policy."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lakehouse_local.engines.crawler.model import Column, FoundPartition, FoundTable, KnownTable, Policy


@dataclass(frozen=True)
class Plan:
    """Changes by table; ``partitions`` are new ones, ``gone`` partitions whose folders are gone.

    ``log`` says what would have changed and does not, because the policy only logs it.
    """

    create: tuple[FoundTable, ...]
    update: tuple[FoundTable, ...]
    partitions: tuple[tuple[str, tuple[FoundPartition, ...]], ...]
    gone: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]
    deprecate: tuple[str, ...]
    delete: tuple[str, ...]
    log: tuple[str, ...]


def plan(found: Sequence[FoundTable], known: Sequence[KnownTable], policy: Policy, *, everything: bool) -> Plan:
    """The changes that bring the catalog to what was found.

    Args:
        found: the crawl's tables.
        known: the tables of the same crawler that the catalog has.
        policy: what may be changed.
        everything: whether all folders were looked at; if only new ones were, nothing counts as gone.
    """
    before = {table.name: table for table in known}
    create = tuple(table for table in found if table.name not in before)
    update, partitions, gone, log = [], [], [], []
    for table in found:
        old = before.get(table.name)
        if old is None:
            continue
        new = tuple(each for each in table.partitions if each.values not in old.partitions)
        if new:
            partitions.append((table.name, new))
        missing = tuple(sorted(old.partitions - {each.values for each in table.partitions}))
        if missing and everything:
            if policy.on_delete == "delete":
                gone.append((table.name, missing))
            else:
                log.append(f"{len(missing)} partitions of {table.name} are gone from S3 and stay in the catalog")
        wanted = replace(table, columns=_merged(old.columns, table.columns)) if policy.merge_columns else table
        if old.deprecated or (wanted.columns, wanted.location) != (old.columns, old.location):
            if policy.on_change == "update":
                update.append(wanted)
            else:
                log.append(f"the schema of {table.name} changed: {_difference(old.columns, table.columns)}")
    absent = [name for name in before if name not in {table.name for table in found}] if everything else []
    deprecate = tuple(name for name in absent if policy.on_delete == "deprecate" and not before[name].deprecated)
    delete = tuple(name for name in absent if policy.on_delete == "delete")
    if policy.on_delete == "log":
        log += [f"table {name} is gone from S3 and stays in the catalog" for name in absent]
    return Plan(create, tuple(update), tuple(partitions), tuple(gone), deprecate, delete, tuple(log))


def _merged(old: Sequence[Column], new: Sequence[Column]) -> tuple[Column, ...]:
    """The old columns as they are, and the new ones behind them."""
    names = {column.name for column in old}
    return (*old, *(column for column in new if column.name not in names))


def _difference(old: Sequence[Column], new: Sequence[Column]) -> str:
    added = [f"+{column.name} {column.type}" for column in new if column not in old]
    removed = [f"-{column.name} {column.type}" for column in old if column not in new]
    return ", ".join(added + removed) or "its location"
