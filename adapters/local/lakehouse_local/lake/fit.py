"""Whether the blueprint of a run fits the lake that it goes on with.

A run writes the rows that changed. A table or a column that came into the blueprint since would lack all others, and
one that left would keep what no later run corrects: both are refused, with the way on.
"""

from collections.abc import Iterator

from lakehouse_core.blueprint import Blueprint
from lakehouse_core.contracts import Contract
from lakehouse_core.errors import BlueprintChanged
from lakehouse_local.lake.records import RunRecord

_PREFIX = "silver."
_LOAD = "load everything again as a new epoch: lakehouse replicate --reload --once, then lakehouse run"
_BACK = "run with the extensions that made it (LAKEHOUSE_EXTENSIONS), or begin anew in another LAKEHOUSE_HOME"


def columns(contract: Contract) -> tuple[str, ...]:
    """The columns of an entity's silver table, as ``name type``."""
    source = (f"{column.name} {column.spark_type.simpleString()}" for column in contract.columns)
    return (*source, *(f"{column.name} {column.type}" for column in contract.derived))


def require(blueprint: Blueprint, last: RunRecord | None, *, loading: bool) -> None:
    """BlueprintChanged unless the run may go on; ``loading``: it takes in a full load, which fills what is new."""
    if last is None:
        return
    if gone := [*_gone(blueprint, last)]:
        raise BlueprintChanged(f"this run's blueprint lacks what the lake has: {'; '.join(gone)}", hint=_BACK)
    if not loading and (new := [*_new(blueprint, last)]):
        raise BlueprintChanged(
            f"what was loaded before lacks what is new in the blueprint: {'; '.join(new)}", hint=_LOAD
        )


def _gone(blueprint: Blueprint, last: RunRecord) -> Iterator[str]:
    for name, entry in last.tables.items():
        if not name.startswith(_PREFIX):
            continue
        contract = blueprint.contracts.get(name.removeprefix(_PREFIX))
        if contract is None:
            yield f"the table {name}"
        elif entry.columns is not None:
            yield from (f"{name}.{column}" for column in entry.columns if column not in columns(contract))


def _new(blueprint: Blueprint, last: RunRecord) -> Iterator[str]:
    for entity, contract in blueprint.contracts.items():
        entry = last.tables.get(f"{_PREFIX}{entity}")
        if entry is None:
            yield f"the table {_PREFIX}{entity}"
        elif entry.columns is not None:
            yield from (f"{_PREFIX}{entity}.{column}" for column in columns(contract) if column not in entry.columns)
