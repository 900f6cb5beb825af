"""DMS table mappings: which tables and columns are captured. Source of the format: DMS User Guide, table mapping."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lakehouse_local.capture.errors import MappingInvalid, MappingMatchesNothing

DEFAULT: dict[str, Any] = {
    "rules": [
        {
            "rule-type": "selection",
            "rule-id": "1",
            "rule-name": "every-table",
            "object-locator": {"schema-name": "public", "table-name": "%"},
            "rule-action": "include",
        },
        {
            "rule-type": "transformation",
            "rule-id": "2",
            "rule-name": "change-sequence",
            "rule-target": "column",
            "object-locator": {"schema-name": "%", "table-name": "%"},
            "rule-action": "add-column",
            "value": "AR_H_CHANGE_SEQ",
            "expression": "$AR_H_CHANGE_SEQ",
            "data-type": {"type": "string", "length": 35},
        },
        {
            "rule-type": "transformation",
            "rule-id": "3",
            "rule-name": "old-key",
            "rule-target": "column",
            "object-locator": {"schema-name": "%", "table-name": "%"},
            "rule-action": "add-before-image-columns",
            "before-image-def": {"column-prefix": "BI_", "column-suffix": "", "column-filter": "pk-only"},
        },
        {
            "rule-type": "transformation",
            "rule-id": "4",
            "rule-name": "stream-position",
            "rule-target": "column",
            "object-locator": {"schema-name": "%", "table-name": "%"},
            "rule-action": "add-column",
            "value": "AR_H_STREAM_POSITION",
            "expression": "$AR_H_STREAM_POSITION",
            "data-type": {"type": "string", "length": 25},
        },
        {
            "rule-type": "transformation",
            "rule-id": "5",
            "rule-name": "no-passwords",
            "rule-target": "column",
            "object-locator": {"schema-name": "public", "table-name": "auth_user", "column-name": "password"},
            "rule-action": "remove-column",
        },
        {
            "rule-type": "transformation",
            "rule-id": "6",
            "rule-name": "no-sessions",
            "rule-target": "column",
            "object-locator": {"schema-name": "public", "table-name": "django_session", "column-name": "session_data"},
            "rule-action": "remove-column",
        },
    ]
}
"""Every table of ``public``; the three columns that carry the position; no passwords, no session data."""

_ADDED = ("$AR_H_CHANGE_SEQ", "before-image", "$AR_H_STREAM_POSITION")


@dataclass(frozen=True)
class Locator:
    """A pattern of schema, table and (for columns) column; ``%`` stands for any text, case matters."""

    schema: str
    table: str
    column: str = "%"

    def matches(self, schema: str, table: str, column: str = "") -> bool:
        """Whether the pattern covers the names."""
        return self.matches_table(schema, table) and _like(self.column, column)

    def matches_table(self, schema: str, table: str) -> bool:
        """Whether the pattern covers the table, or columns of it."""
        return _like(self.schema, schema) and _like(self.table, table)


class Rules(Protocol):
    """What is captured."""

    def select(self, tables: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """The (schema, table) pairs that are captured, in the order given; MappingMatchesNothing."""
        ...

    def keeps(self, schema: str, table: str, column: str) -> bool:
        """Whether the column is captured."""
        ...


@dataclass(frozen=True)
class TableMappings:
    """What the rules say: tables included and excluded (an exclusion wins), columns removed."""

    includes: tuple[Locator, ...]
    excludes: tuple[Locator, ...]
    removed: tuple[Locator, ...]

    def select(self, tables: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """The (schema, table) pairs that are captured, in the order given.

        Raises:
            MappingMatchesNothing: an inclusion selects none of them.
        """
        offered = list(tables)
        for rule in self.includes:
            if not any(rule.matches(*table) for table in offered):
                raise MappingMatchesNothing(
                    f"the selection {rule.schema}.{rule.table} matches no table; "
                    f"there are {', '.join(f'{schema}.{table}' for schema, table in offered) or 'none'}",
                    hint="names are case-sensitive, % stands for any text; system schemas are never captured",
                )
        return [
            table
            for table in offered
            if any(rule.matches(*table) for rule in self.includes)
            and not any(rule.matches(*table) for rule in self.excludes)
        ]

    def keeps(self, schema: str, table: str, column: str) -> bool:
        """Whether the column is captured."""
        return not any(rule.matches(schema, table, column) for rule in self.removed)


def parse(text: str | Mapping[str, Any]) -> TableMappings:
    """Table mappings as DMS takes them (a JSON text, or what it stands for).

    Raises:
        MappingInvalid: not DMS's JSON, a rule that this engine does not do, or one that the wire needs is missing.
    """
    if isinstance(text, str):
        try:
            text = json.loads(text)
        except (ValueError, RecursionError) as problem:
            raise MappingInvalid(f"the table mappings are not JSON: {problem}") from problem
    rules = text.get("rules") if isinstance(text, Mapping) else None
    if not isinstance(rules, list) or not rules:
        raise MappingInvalid('table mappings are {"rules": [...]} with at least one rule')
    found: dict[str, list[Locator]] = {"include": [], "exclude": [], "remove-column": []}
    added: set[str] = set()
    seen: set[str] = set()
    for rule in rules:
        if not isinstance(rule, Mapping):
            raise MappingInvalid(f"a rule must be an object, not {rule!r}")
        identity = str(rule.get("rule-id"))
        if identity in seen:
            raise MappingInvalid(f"rule-id {identity} stands twice")
        seen.add(identity)
        action = _action(rule)
        if action in found:
            found[action].append(_locator(rule, needs_column=action == "remove-column"))
        else:
            added.add(action)
    if missing := [name for name in _ADDED if name not in added]:
        raise MappingInvalid(
            f"the table mappings lack the transformations {', '.join(missing)}; without them rows cannot be ordered",
            hint="start from the default table mappings",
        )
    if not found["include"]:
        raise MappingInvalid("the table mappings include no table")
    return TableMappings(tuple(found["include"]), tuple(found["exclude"]), tuple(found["remove-column"]))


def _action(rule: Mapping[str, Any]) -> str:
    """The rule's action, or for a column that is added, what it adds."""
    match dict(rule):
        case {"rule-type": "selection", "rule-action": "include" | "exclude" as action, **rest} if (
            "filters" not in rest or not rest["filters"]
        ):
            return str(action)
        case {"rule-type": "transformation", "rule-target": "column", "rule-action": "remove-column"}:
            return "remove-column"
        case {
            "rule-type": "transformation",
            "rule-action": "add-column",
            "expression": "$AR_H_CHANGE_SEQ" | "$AR_H_STREAM_POSITION" as expression,
            "object-locator": {"schema-name": "%", "table-name": "%"},
            "value": value,
        } if expression == f"${value}":
            return str(expression)
        case {
            "rule-type": "transformation",
            "rule-action": "add-before-image-columns",
            "before-image-def": {"column-prefix": "BI_", "column-suffix": "", "column-filter": "pk-only"},
            "object-locator": {"schema-name": "%", "table-name": "%"},
        }:
            return "before-image"
    raise MappingInvalid(
        f"rule {rule.get('rule-id')!r} ({rule.get('rule-type')} {rule.get('rule-action')}) is not supported",
        hint="supported: selection include/exclude without filters, remove-column, and the default's three added columns",
    )


def _locator(rule: Mapping[str, Any], *, needs_column: bool) -> Locator:
    locator = rule.get("object-locator")
    names = ("schema-name", "table-name", *(("column-name",) if needs_column else ()))
    if not isinstance(locator, Mapping) or not all(isinstance(locator.get(name), str) for name in names):
        raise MappingInvalid(f"rule {rule.get('rule-id')!r} needs an object-locator with {', '.join(names)}")
    return Locator(*(locator[name] for name in names))


def _like(pattern: str, name: str) -> bool:
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("%")), name, re.DOTALL) is not None
