"""The page of contracts: what each source table promises, what silver derives, which rules are checked."""

from collections.abc import Iterator

from lakehouse_core.blueprint import STANDARD
from lakehouse_core.contracts import Contract, Predicate, Reference, Rule, Unique
from lakehouse_local.reference.words import words


def page() -> str:
    """Every contract."""
    lines = [
        "# Contracts: source tables, silver, rules",
        "",
        "A contract names what a table promises. Silver has three names for each: the base table (`silver.<entity>`: one row per key, tombstones and rows",
        "in quarantine included), the reader's view (current rows, with the derived columns) and `<entity>_version` (one row per captured version).",
        "A row that breaks a rule of severity error is held in quarantine with its reason; one that breaks a warning is kept and counted.",
        "",
        "Written by `python -m lakehouse_local.reference contracts`.",
    ]
    for contract in STANDARD.contracts.values():
        lines += ["", f"## {contract.entity}", "", *_contract(contract)]
    return "\n".join([*lines, ""])


def _contract(contract: Contract) -> Iterator[str]:
    yield f"Source table `{contract.schema}.{contract.table}`, reader's view `silver.{contract.view}`."
    yield f"Grain: {contract.grain}; key `{contract.key}`."
    yield ""
    yield "| column | type in PostgreSQL | NULL | names a person |"
    yield "|---|---|---|---|"
    for column in contract.columns:
        marks = ("may be" if column.nullable else "", "yes" if column.pii else "")
        yield f"| `{column.name}` | {column.source_type} | {' | '.join(marks)} |"
    if contract.derived:
        yield from ("", "| derived by silver | type | what it says |", "|---|---|---|")
        for derived in contract.derived:
            yield f"| `{derived.name}` | {derived.type} | {words(derived.describes)} |"
    if contract.rules:
        yield from ("", "| rule | severity | what a failure means | check |", "|---|---|---|---|")
        for rule in contract.rules:
            yield f"| `{rule.id}` | {rule.severity} | {words(rule.describes)} | {_check(rule)} |"


def _check(rule: Rule) -> str:
    match rule.check:
        case Predicate(sql):
            return f"`{sql}`".replace("|", "\\|")
        case Unique(columns):
            return f"unique: {', '.join(f'`{name}`' for name in columns)}"
        case Reference(column, entity):
            return f"`{column}` is a key of {entity}"
