"""Reports, scores and the rules table: plain values in, text out."""

import doctest
import json
from types import MappingProxyType

import pytest

from lakehouse_core import quality
from lakehouse_core.contracts import CONTRACTS, Severity
from lakehouse_core.quality import Report, RuleResult, scores

REPORT = Report(
    results=(
        RuleResult("order.total_matches", "order", Severity.WARNING, "the total <equals> its parts", 2_000, 3),
        RuleResult("tenant.domain_valid", "tenant", Severity.WARNING, "the domain is one", 0, 0),
    ),
    quarantined=MappingProxyType({"<script>": 1_234}),
)


def test_text() -> None:
    """The plain table has a line per rule, numbers to the right, and the quarantine."""
    assert quality.to_text(REPORT) == (
        "2 rules, 1 with failures, 1,234 rows in quarantine\n"
        "\n"
        "rule                 entity  severity  checked  failed  share  meaning\n"
        "order.total_matches  order   warning     2,000       3  0.15%  the total <equals> its parts\n"
        "tenant.domain_valid  tenant  warning         0       0      -  the domain is one\n"
        "\n"
        "quarantine   rows\n"
        "<script>    1,234\n"
    )


def test_json() -> None:
    """The JSON has numbers as numbers, and null where there was nothing to divide by."""
    found = json.loads(quality.to_json(REPORT))
    assert [rule["share"] for rule in found["rules"]] == [0.0015, None]
    assert found["quarantined"] == {"<script>": 1_234}


def test_html_is_escaped_and_stands_alone() -> None:
    """No value becomes markup, and the page asks for nothing from elsewhere."""
    page = quality.to_html(REPORT)
    assert "&lt;script&gt;" in page
    assert "&lt;equals&gt;" in page
    assert not [bad for bad in ("<script", "<equals", "<link", "src=", "http://", "https://") if bad in page]


def test_rules_table_lists_every_rule_once() -> None:
    """The Markdown table has a line for each rule of each contract, with what it checks."""
    lines = quality.rules_table(CONTRACTS).splitlines()[2:]
    ids = [rule.id for contract in CONTRACTS.values() for rule in contract.rules]
    assert [line.split("`")[1] for line in lines] == ids
    assert len(set(ids)) == len(ids)
    assert (
        "| `order.customer_exists` | warning | `customer_id` is NULL or the key of a current `customer` |"
        in "\n".join(lines)
    )


CASES = [
    # title, found, planted, precision, recall
    ("all of it", [1, 2], [1, 2], 1.0, 1.0),
    ("half of it", [1], [1, 2], 1.0, 0.5),
    ("too much", [1, 2], [1], 0.5, 1.0),
    ("nothing found", [], [1], None, 0.0),
    ("nothing planted", [1], [], 0.0, None),
]


@pytest.mark.parametrize(("title", "found", "planted", "precision", "recall"), CASES, ids=[case[0] for case in CASES])
def test_score(title: str, found: list[int], planted: list[int], precision: float | None, recall: float | None) -> None:
    """Precision is of what was found, recall of what was planted; neither divides by zero."""
    (scored,) = quality.score({"rule": found}, {"rule": planted})
    assert (scored.precision, scored.recall) == (precision, recall), title


def test_score_takes_rules_of_either_side() -> None:
    """A rule that only one side knows is scored too."""
    assert [scored.rule for scored in quality.score({"b": [1]}, {"a": [1]})] == ["a", "b"]


def test_examples_in_the_docstrings() -> None:
    """What the docstring shows is what happens."""
    assert doctest.testmod(scores).failed == 0
