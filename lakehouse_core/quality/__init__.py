"""Quality: the contracts' rules, checked over readers' views; a check returns a report, the caller decides.

report = quality.check(views, CONTRACTS)
print(quality.to_text(report))
"""

from lakehouse_core.quality.render import rules_table, to_html, to_json, to_text
from lakehouse_core.quality.report import Report, RuleResult
from lakehouse_core.quality.rules import check, failures
from lakehouse_core.quality.scores import Score, score

__all__ = [
    "Report",
    "RuleResult",
    "Score",
    "check",
    "failures",
    "rules_table",
    "score",
    "to_html",
    "to_json",
    "to_text",
]
