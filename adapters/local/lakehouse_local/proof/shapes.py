"""Which columns of a table can be compared: those that it has on every side, whatever happened to it since its load."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from lakehouse_core.contracts import Contract
from lakehouse_local.capture.manifest import Manifest
from lakehouse_local.proof.source import Published


def shapes(chain: Iterable[Manifest], table: str) -> list[tuple[str, ...]]:
    """The columns that a table has had in the newest epoch, in each form once; the load's first."""
    manifests = list(chain)
    entries = (each.tables[table] for each in manifests if each.epoch == manifests[-1].epoch and table in each.tables)
    return list(dict.fromkeys(entry.columns for entry in entries))


def comparable(
    tables: Sequence[Published], chain: Sequence[Manifest], contracts: Mapping[str, Contract]
) -> tuple[list[Published], list[str]]:
    """The tables with the columns that source, bronze and silver all have, and a note for each column that is left out."""
    found, notes = [], []
    for table in tables:
        captured, contract = shapes(chain, table.name), contracts.get(table.name)
        everywhere = [name for name in table.columns if all(name in columns for columns in captured)]
        kept = [name for name in everywhere if contract is None or name in contract.column_names]
        found.append(_narrowed(table, kept))
        changed = dict.fromkeys(
            name
            for columns in (table.columns, *captured, contract.column_names if contract else ())
            for name in columns
            if name not in everywhere
        )
        if changed:
            notes.append(
                f"{table.name}: {', '.join(changed)} not compared: the table has changed since its load; "
                "lakehouse replicate --reload takes it in as it is now"
            )
        if beyond := [name for name in everywhere if name not in kept]:
            notes.append(f"{table.name}: {', '.join(beyond)} not compared: in bronze, and in no contract")
    return found, notes


def _narrowed(table: Published, kept: Sequence[str]) -> Published:
    types = dict(zip(table.columns, table.types, strict=True))
    return replace(table, columns=tuple(kept), types=tuple(types[name] for name in kept))
