"""Which relations a lake has, and which of them a name in a query means."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lakehouse_core.contracts import CONTRACTS, Contract, Naming
from lakehouse_core.errors import TableMissing
from lakehouse_local.lake.records import RunRecord
from lakehouse_local.query.errors import AmbiguousTable, UnknownTable


class Kind(StrEnum):
    """BASE: a silver base table; VIEW: its reader's view; LOG: its change log; MART: a gold table."""

    BASE = "base"
    VIEW = "view"
    LOG = "log"
    MART = "mart"


@dataclass(frozen=True)
class Relation:
    """One thing that can be selected from: its layer (silver, gold), its name there, and what it is."""

    layer: str
    name: str
    kind: Kind
    contract: Contract | None = None

    @property
    def recorded(self) -> str:
        """The table's name in a run record."""
        return f"{self.layer}.{self.contract.entity if self.contract else self.name}"

    def __str__(self) -> str:
        return f"{self.layer}.{self.name}"


def relations(record: RunRecord, contracts: Mapping[str, Contract] = CONTRACTS) -> list[Relation]:
    """Everything that can be selected from after a run, where the lake's contracts are those."""
    silver = [contract for contract in contracts.values() if f"silver.{contract.entity}" in record.tables]
    return [
        *(Relation("silver", contract.view, Kind.VIEW, contract) for contract in silver),
        *(Relation("silver", contract.entity, Kind.BASE, contract) for contract in silver),
        *(Relation("silver", f"{contract.entity}_version", Kind.LOG, contract) for contract in silver),
        *(
            Relation("gold", name.removeprefix("gold."), Kind.MART)
            for name in record.tables
            if name.startswith("gold.")
        ),
    ]


def resolve(found: Iterable[Relation], naming: Naming, schema: str, name: str) -> Relation:
    """The relation that ``schema.name`` means; the schema may be a layer, a database's name, or absent.

    UnknownTable lists what is close and what there is, AmbiguousTable which layers have the name.
    """
    known = list(found)
    layers = {spelled: layer for layer in ("silver", "gold") for spelled in (layer, naming.database(layer).lower())}
    wanted = name.lower()
    hits = [each for each in known if each.name == wanted and (not schema or layers.get(schema.lower()) == each.layer)]
    if len(hits) > 1:
        raise AmbiguousTable(f"{name} is in {' and in '.join(each.layer for each in hits)}", hint=f"say {hits[0]}")
    if hits:
        return hits[0]
    close = [str(each) for each in known if each.name in difflib.get_close_matches(wanted, [e.name for e in known])]
    raise UnknownTable(
        f"there is no table {f'{schema}.{name}' if schema else name}; there are {', '.join(map(str, known))}",
        hint=f"did you mean {' or '.join(close)}?" if close else "name one of those",
    )


def recorded_table(record: RunRecord, naming: Naming, name: str, contracts: Mapping[str, Contract] = CONTRACTS) -> str:
    """The record's name of the table that ``[schema.]name`` means (a view's name means its base table)."""
    schema, _, plain = name.rpartition(".")
    relation = resolve(relations(record, contracts), naming, schema, plain)
    if relation.recorded not in record.tables:
        raise TableMissing(f"{name} was never written", hint="lakehouse run")
    return relation.recorded
