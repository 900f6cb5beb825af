"""Reports and rules as text, JSON, HTML and Markdown."""

import json
from collections.abc import Mapping
from html import escape
from string import Template

from lakehouse_core.contracts import Contract, Predicate, Reference, Rule, Unique
from lakehouse_core.quality.report import Report, RuleResult

_HEAD = ("rule", "entity", "severity", "checked", "failed", "share", "meaning")
_NUMBERS = ("checked", "failed", "share", "rows")

# One file without script, style sheet or font from elsewhere; every value goes through html.escape.
_PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Data quality</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1c1c1c }
  table { border-collapse: collapse; width: 100% }
  th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #ddd }
  .number { text-align: right; font-variant-numeric: tabular-nums }
  .failed td { background: #fff4e5 }
</style>
<h1>Data quality</h1>
<p>$summary</p>
$tables
</html>
""")


def to_text(report: Report) -> str:
    """The report as a plain table for a terminal, a line per rule, then the quarantine."""
    lines = [_summary(report), "", *_plain(_HEAD, [_cells(result) for result in report.results])]
    if report.quarantined:
        lines += ["", *_plain(("quarantine", "rows"), [(name, f"{n:,}") for name, n in report.quarantined.items()])]
    return "\n".join(lines) + "\n"


def to_json(report: Report) -> str:
    """The report as JSON: ``rules`` (a share is a number from 0 to 1, or null) and ``quarantined``."""
    rules = [
        {
            "rule": result.rule,
            "entity": result.entity,
            "severity": str(result.severity),
            "describes": result.describes,
            "checked": result.checked,
            "failed": result.failed,
            "share": result.share,
        }
        for result in report.results
    ]
    return json.dumps({"rules": rules, "quarantined": dict(report.quarantined)}, indent=2)


def to_html(report: Report) -> str:
    """The report as one HTML page that needs nothing else."""
    rules = "".join(_html_row(_HEAD, _cells(result), failed=bool(result.failed)) for result in report.results)
    tables = _html_table(_HEAD, rules)
    if report.quarantined:
        head = ("quarantine", "rows")
        rows = "".join(_html_row(head, (name, f"{n:,}"), failed=n > 0) for name, n in report.quarantined.items())
        tables += _html_table(head, rows)
    return _PAGE.substitute(summary=escape(_summary(report)), tables=tables)


def rules_table(contracts: Mapping[str, Contract]) -> str:
    """Every rule of the contracts as a Markdown table, for the documentation."""
    lines = ["| rule | severity | holds when | meaning |", "|---|---|---|---|"]
    for contract in contracts.values():
        for rule in contract.rules:
            cells = (f"`{rule.id}`", str(rule.severity), _holds_when(rule), rule.describes)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _summary(report: Report) -> str:
    held = sum(report.quarantined.values())
    return f"{len(report.results)} rules, {len(report.failed)} with failures, {held:,} rows in quarantine"


def _cells(result: RuleResult) -> tuple[str, ...]:
    share = "-" if result.share is None else f"{result.share:.2%}"
    return (
        result.rule,
        result.entity,
        str(result.severity),
        f"{result.checked:,}",
        f"{result.failed:,}",
        share,
        result.describes,
    )


def _plain(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    lines = []
    for row in (head, *rows):
        cells = (
            cell.rjust(width) if name in _NUMBERS else cell.ljust(width)
            for name, cell, width in zip(head, row, widths, strict=True)
        )
        lines.append("  ".join(cells).rstrip())
    return lines


def _html_table(head: tuple[str, ...], rows: str) -> str:
    names = "".join(f'<th scope="col"{_number(name)}>{escape(name)}</th>' for name in head)
    return f"<table>\n<tr>{names}</tr>\n{rows}</table>\n"


def _html_row(head: tuple[str, ...], cells: tuple[str, ...], *, failed: bool) -> str:
    inner = "".join(f"<td{_number(name)}>{escape(cell)}</td>" for name, cell in zip(head, cells, strict=True))
    return f'<tr class="failed">{inner}</tr>\n' if failed else f"<tr>{inner}</tr>\n"


def _number(name: str) -> str:
    return ' class="number"' if name in _NUMBERS else ""


def _holds_when(rule: Rule) -> str:
    match rule.check:
        case Predicate(sql):
            return f"`{sql}`"
        case Unique(columns):
            return f"({', '.join(f'`{column}`' for column in columns)}) is unique"
        case Reference(column, entity):
            return f"`{column}` is NULL or the key of a current `{entity}`"
