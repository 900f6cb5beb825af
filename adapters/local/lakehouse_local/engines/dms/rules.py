"""Table mappings as DMS's API takes them: selection and transformation rules.

Source of the format: DMS User Guide, "Using table mapping to specify task settings". Rules apply in the order of their
ids; what is not done here is refused by name.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse_local.capture.mappings import Locator
from lakehouse_local.engines.dms.errors import DmsRulesInvalid, NoTablesFound
from lakehouse_local.engines.dms.expressions import Part, parse_expression

NO_TABLES = (
    "No tables were found at task initialization. Either the selected table(s) or schemas(s) no longer exist or no "
    "match was found for the table selection pattern(s)."
)
"""As DMS words it."""


@dataclass(frozen=True)
class Renaming:
    """Gives what the pattern covers another name; ``target`` is schema, table or column."""

    target: str
    where: Locator
    change: Callable[[str], str]


@dataclass(frozen=True)
class Added:
    """A column that stands after the table's own: an expression's parts, or (None) the key before an update."""

    where: Locator
    name: str
    parts: tuple[Part, ...] | None


@dataclass(frozen=True)
class TaskRules:
    """What is captured, and under which names it is written (``lakehouse_local.capture.mappings.Rules``)."""

    included: tuple[Locator, ...]
    excluded: tuple[Locator, ...]
    order: tuple[int, ...]
    removed: tuple[Locator, ...]
    kept: tuple[Locator, ...]
    renamings: tuple[Renaming, ...]
    added: tuple[Added, ...]

    def select(self, tables: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """The (schema, table) pairs that are captured; those of a higher load-order first.

        Raises:
            NoTablesFound: there is none.
        """
        found = [
            (-max(order for rule, order in zip(self.included, self.order, strict=True) if rule.matches(*table)), table)
            for table in tables
            if any(rule.matches(*table) for rule in self.included)
            and not any(rule.matches(*table) for rule in self.excluded)
        ]
        if not found:
            raise NoTablesFound(NO_TABLES, hint="names are case-sensitive, % stands for any text")
        return [table for _, table in sorted(found, key=lambda each: each[0])]

    def keeps(self, schema: str, table: str, column: str) -> bool:
        """Whether the column is captured."""
        if any(rule.matches(schema, table, column) for rule in self.removed):
            return False
        lists = [rule for rule in self.kept if rule.matches_table(schema, table)]
        return not lists or any(rule.matches(schema, table, column) for rule in lists)

    def written_as(self, schema: str, table: str) -> tuple[str, str]:
        """The target's names of schema and table."""
        names = {"schema": schema, "table": table}
        for rule in self.renamings:
            if rule.target in names and rule.where.matches_table(schema, table):
                names[rule.target] = rule.change(names[rule.target])
        return names["schema"], names["table"]

    def column_as(self, schema: str, table: str, column: str) -> str:
        """The target's name of a column."""
        name = column
        for rule in self.renamings:
            if rule.target == "column" and rule.where.matches(schema, table, column):
                name = rule.change(name)
        return name

    def added_to(self, schema: str, table: str) -> list[Added]:
        """The columns that are added to the table's own."""
        return [each for each in self.added if each.where.matches_table(schema, table)]


def parse_rules(text: str) -> TaskRules:
    """Table mappings from their JSON.

    Raises:
        DmsRulesInvalid: not DMS's JSON, or something that is not done here, by name.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise DmsRulesInvalid(f"Invalid table mappings document: it is not JSON ({problem})") from problem
    rules = document.get("rules") if isinstance(document, Mapping) else None
    if not isinstance(rules, list) or not rules:
        raise DmsRulesInvalid('Invalid table mappings document: it is {"rules": [...]} with at least one rule')
    reader = _Reader()
    for rule in sorted(rules, key=_number):
        reader.take(rule)
    return reader.rules()


def _number(rule: Any) -> int:
    try:
        return int(rule["rule-id"])
    except (TypeError, KeyError, ValueError, OverflowError):  # Python reads JSON's Infinity, and 1e999 as that
        raise DmsRulesInvalid(f"Invalid table mappings document: a rule needs a numeric rule-id: {rule!r}") from None


class _Reader:
    """Sorts rules by what they do."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._selected: dict[str, list[Locator]] = {"include": [], "exclude": []}
        self._order: list[int] = []
        self._columns: dict[str, list[Locator]] = {"remove-column": [], "include-column": []}
        self._renamings: list[Renaming] = []
        self._added: list[Added] = []

    def rules(self) -> TaskRules:
        if not self._selected["include"]:
            raise DmsRulesInvalid("Invalid table mappings document: no selection rule includes a table")
        return TaskRules(
            included=tuple(self._selected["include"]),
            excluded=tuple(self._selected["exclude"]),
            order=tuple(self._order),
            removed=tuple(self._columns["remove-column"]),
            kept=tuple(self._columns["include-column"]),
            renamings=tuple(self._renamings),
            added=tuple(self._added),
        )

    def take(self, rule: Mapping[str, Any]) -> None:
        for name in ("rule-id", "rule-name"):
            value = f"{name} {rule.get(name)}"
            if rule.get(name) is None or value in self._seen:
                raise DmsRulesInvalid(f"Invalid table mappings document: {value} must be given once")
            self._seen.add(value)
        match rule.get("rule-type"):
            case "selection":
                self._select(rule)
            case "transformation":
                self._transform(rule)
            case other:
                raise _unsupported(rule, f"rule-type {other}")

    def _select(self, rule: Mapping[str, Any]) -> None:
        action = str(rule.get("rule-action"))
        if rule.get("filters"):
            raise _unsupported(rule, "filters")
        if _object(rule, "object-locator").get("table-type", "table") != "table":
            raise _unsupported(rule, "table-type other than table")
        where = _locator(rule, column=False)
        if action == "explicit":
            if "%" in where.schema + where.table:
                raise DmsRulesInvalid(f"rule {rule['rule-id']}: explicit names have no wildcard")
            action = "include"
        if action not in self._selected:
            raise _unsupported(rule, f"rule-action {action}")
        self._selected[action].append(where)
        if action == "include":
            try:
                self._order.append(int(rule.get("load-order", 0)))
            except (TypeError, ValueError, OverflowError):
                raise DmsRulesInvalid(f"rule {rule['rule-id']}: its load-order is no number") from None

    def _transform(self, rule: Mapping[str, Any]) -> None:
        action, target = str(rule.get("rule-action")), str(rule.get("rule-target"))
        if action == "add-before-image-columns":
            self._before_image(rule)
        elif action == "add-column":
            where = _locator(rule, column=False)
            parts = parse_expression(str(rule.get("expression", "")), str(rule.get("rule-id")))
            kind = _object(rule, "data-type").get("type", "string")
            if kind not in ("string", "wstring", "datetime"):
                raise _unsupported(rule, f"data-type {kind}")
            self._added.append(Added(where, str(rule.get("value")), parts))
        elif action in self._columns and target == "column":
            self._columns[action].append(_locator(rule, column=True))
        elif target in ("schema", "table", "column"):
            change = _change(rule)
            self._renamings.append(Renaming(target, _locator(rule, column=target == "column"), change))
        else:
            raise _unsupported(rule, f"rule-action {action} on rule-target {target}")

    def _before_image(self, rule: Mapping[str, Any]) -> None:
        asked = _object(rule, "before-image-def")
        if asked.get("column-filter") != "pk-only" or asked.get("column-suffix"):
            raise _unsupported(rule, "before-image-def other than a column-prefix with column-filter pk-only")
        self._added.append(Added(_locator(rule, column=False), str(asked.get("column-prefix", "BI_")), None))


_CHANGES: dict[str, Callable[[str, str, str], str]] = {
    "rename": lambda name, value, old: value,  # noqa: ARG005 - all have one shape
    "convert-lowercase": lambda name, value, old: name.lower(),  # noqa: ARG005
    "convert-uppercase": lambda name, value, old: name.upper(),  # noqa: ARG005
    "add-prefix": lambda name, value, old: value + name,  # noqa: ARG005
    "add-suffix": lambda name, value, old: name + value,  # noqa: ARG005
    "remove-prefix": lambda name, value, old: name.removeprefix(value),  # noqa: ARG005
    "remove-suffix": lambda name, value, old: name.removesuffix(value),  # noqa: ARG005
    "replace-prefix": lambda name, value, old: value + name[len(old) :] if name.startswith(old) else name,
    "replace-suffix": lambda name, value, old: name[: len(name) - len(old)] + value if name.endswith(old) else name,
}
"""What becomes of (name, value, old-value)."""


def _change(rule: Mapping[str, Any]) -> Callable[[str], str]:
    action, value, old = (str(rule.get(name) or "") for name in ("rule-action", "value", "old-value"))
    needs_value, needs_old = not action.startswith("convert-"), action.startswith("replace-")
    if action not in _CHANGES or (needs_value and not value) or (needs_old and not old):
        raise _unsupported(rule, f"rule-action {action} (value {value!r}, old-value {old!r})")
    return lambda name: _CHANGES[action](name, value, old)


def _unsupported(rule: Mapping[str, Any], what: str) -> DmsRulesInvalid:
    return DmsRulesInvalid(f"rule {rule.get('rule-id')} ({rule.get('rule-name')}): {what} is not done here")


def _object(rule: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = rule.get(name, {})
    if not isinstance(found, Mapping):
        raise DmsRulesInvalid(f"rule {rule.get('rule-id')}: its {name} must be an object")
    return found


def _locator(rule: Mapping[str, Any], *, column: bool) -> Locator:
    locator = _object(rule, "object-locator")
    names = ("schema-name", "table-name", "column-name") if column else ("schema-name",)
    if not all(isinstance(locator.get(name), str) for name in {*names, *locator}):
        raise DmsRulesInvalid(f"rule {rule.get('rule-id')}: its object-locator needs {', '.join(names)}")
    unknown = set(locator) - {"schema-name", "table-name", "column-name", "table-type"}
    if unknown:
        raise _unsupported(rule, f"object-locator with {', '.join(sorted(unknown))}")
    if re.search(r"[\x00-\x1f]", "".join(str(value) for value in locator.values())):
        raise DmsRulesInvalid(f"rule {rule.get('rule-id')}: a name holds a control character")
    return Locator(locator["schema-name"], locator.get("table-name", "%"), locator.get("column-name", "%"))
