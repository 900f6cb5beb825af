"""The page of gold: every mart with its grain, its definition's source and its columns; the glossary of measures."""

import inspect
from collections.abc import Iterator

from lakehouse_core.blueprint import STANDARD
from lakehouse_core.gold import Clock, Mart
from lakehouse_local.reference.words import words

_FOLLOWS = {
    Clock.NOTHING: "its inputs alone",
    Clock.YEAR: "its inputs, and the UTC year of `as_of`",
    Clock.MONTH: "its inputs, and the UTC month of `as_of`",
    Clock.DAY: "its inputs, and the UTC day of `as_of`",
    Clock.INSTANT: "its inputs, and `as_of`",
}


def page() -> str:
    """Every mart with its grain, its definition's source and its columns: the glossary of measures."""
    lines = [
        "# Gold: tables, measures, definitions",
        "",
        "Money is exact, in the currency that the row names; days and months are UTC; a rate without a denominator is NULL and never 0. `as_of` is the",
        "greatest business time that was taken in.",
        "",
        "Written by `python -m lakehouse_local.reference gold`.",
    ]
    for mart in STANDARD.marts:
        lines += ["", f"## {mart.name}", "", *_mart(mart)]
    return "\n".join([*lines, ""])


def _mart(mart: Mart) -> Iterator[str]:
    told = inspect.getdoc(inspect.getmodule(mart.build)) or ""
    yield words(told.split("\n\n")[0].partition(": ")[2]).capitalize()
    yield ""
    yield f"- **Grain**: {mart.grain}; key {', '.join(f'`{name}`' for name in mart.key)}"
    yield f"- **Follows** {_FOLLOWS[mart.clock]}; inputs {', '.join(f'`{name}`' for name in mart.inputs)}"
    slices = (
        f"by {', '.join(f'`{name}`' for name in mart.slices.by)}, where changes touch it" if mart.slices else "whole"
    )
    yield f"- **Computed again** {slices}"
    for paragraph in told.split("\n\n")[1:]:
        yield f"- {words(paragraph)}"
    yield ""
    yield "| column | unit | what it says |"
    yield "|---|---|---|"
    for measure in mart.measures:
        yield f"| `{measure.column}` | {measure.unit} | {measure.meaning} |"
