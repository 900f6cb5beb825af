"""One contract per table: it drives bronze schemas, quality rules, DMS mappings, catalog entries and docs."""

from collections.abc import Mapping
from types import MappingProxyType

from lakehouse_core.contracts import customer, event, invoice, order, order_item, product, subscription, tenant
from lakehouse_core.contracts.envelope import Op, Phase, position
from lakehouse_core.contracts.model import Column, Contract, Derived, Predicate, Reference, Rule, Severity, Unique
from lakehouse_core.contracts.naming import Naming
from lakehouse_core.errors import UnknownEntity

CONTRACTS: Mapping[str, Contract] = MappingProxyType(
    {
        module.CONTRACT.entity: module.CONTRACT
        for module in (tenant, customer, product, order, order_item, event, subscription, invoice)
    }
)


def contract(name: str) -> Contract:
    """The contract of an entity, or of its source table or view; UnknownEntity says what there is.

    >>> contract("core_order").entity
    'order'
    """
    for candidate in CONTRACTS.values():
        if name in (candidate.entity, candidate.table, candidate.view):
            return candidate
    raise UnknownEntity(
        f"no contract is called {name!r}; there are {', '.join(CONTRACTS)}",
        hint="use the entity's, the source table's or the view's name",
    )


__all__ = [
    "CONTRACTS",
    "Column",
    "Contract",
    "Derived",
    "Naming",
    "Op",
    "Phase",
    "Predicate",
    "Reference",
    "Rule",
    "Severity",
    "Unique",
    "contract",
    "position",
]
