"""Table mappings in DMS's JSON."""

import copy
import json
from typing import Any

import pytest

from lakehouse_local.capture.errors import MappingInvalid, MappingMatchesNothing
from lakehouse_local.capture.mappings import DEFAULT, parse

TABLES = [("public", "auth_user"), ("public", "core_order"), ("public", "core_orderitem"), ("sales", "core_order")]


def changed(at: int, **changes: Any) -> dict[str, Any]:
    """The default mappings with one rule changed."""
    rules = copy.deepcopy(DEFAULT)
    rules["rules"][at] |= {name.replace("_", "-"): value for name, value in changes.items()}
    return rules


def with_rule(**rule: Any) -> dict[str, Any]:
    """The default mappings with one rule more."""
    added = {name.replace("_", "-"): value for name, value in rule.items()}
    return {"rules": [*DEFAULT["rules"], {"rule-id": "9", **added}]}


def test_the_default_takes_every_table_of_public() -> None:
    """The default selects public, without passwords and sessions, from JSON or from its value."""
    for rules in (parse(DEFAULT), parse(json.dumps(DEFAULT))):
        assert rules.select(TABLES) == TABLES[:3]
        assert not rules.keeps("public", "auth_user", "password")
        assert not rules.keeps("public", "django_session", "session_data")
        assert rules.keeps("public", "auth_user", "username")


def test_an_exclusion_wins() -> None:
    """What is included and excluded is excluded."""
    exclude = with_rule(
        rule_type="selection",
        rule_action="exclude",
        object_locator={"schema-name": "public", "table-name": "auth%"},
    )
    assert parse(exclude).select(TABLES) == TABLES[1:3]


def test_wildcards_are_case_sensitive_and_literal_otherwise() -> None:
    """Only % is special."""
    rules = changed(0, object_locator={"schema-name": "%", "table-name": "core_order"})
    assert parse(rules).select(TABLES) == [TABLES[1], TABLES[3]]
    for name in ("Core_order", "core.order", "core_order_"):
        with pytest.raises(MappingMatchesNothing, match=r"public\.core_order"):
            parse(changed(0, object_locator={"schema-name": "%", "table-name": name})).select(TABLES)


@pytest.mark.parametrize(
    "mappings",
    [
        "{",
        "[]",
        "{}",
        '{"rules": []}',
        '{"rules": [1]}',
        "[" * 100_000,
        {"rules": DEFAULT["rules"][:1]},
        {"rules": DEFAULT["rules"][1:]},
        {"rules": [*DEFAULT["rules"], DEFAULT["rules"][0]]},
        changed(0, object_locator={"schema-name": "public"}),
        changed(0, object_locator={"schema-name": "public", "table-name": 1}),
        changed(0, filters=[{"filter-type": "source"}]),
        changed(1, expression="$AR_H_USER"),
        changed(2, before_image_def={"column-prefix": "X_", "column-suffix": "", "column-filter": "pk-only"}),
        with_rule(rule_type="transformation", rule_target="table", rule_action="rename", value="x"),
    ],
)
def test_what_is_not_supported_is_refused(mappings: Any) -> None:
    """Broken JSON, missing transformations and rules that would be ignored are named errors."""
    with pytest.raises(MappingInvalid):
        parse(mappings)
