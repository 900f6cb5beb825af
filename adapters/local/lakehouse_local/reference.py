"""Writes reference pages from the code: ``python -m lakehouse_local.reference errors > docs/reference/errors.md``, and ``gold``."""

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from operator import attrgetter

from lakehouse_core.blueprint import STANDARD
from lakehouse_core.errors import LakehouseError
from lakehouse_core.gold import Clock, Mart
from source_app.errors import SourceError

_ERRORS = {
    "Any command, notebook or test": ("lakehouse_core.errors", "lakehouse_core.gold.periods", "lakehouse_local.errors"),
    "The source application": ("source_app.errors",),
    "Servers": ("lakehouse_local.providers.errors",),
    "Capture": ("lakehouse_local.capture.errors",),
    "Proof": ("lakehouse_local.proof.errors",),
    "Queries": ("lakehouse_local.query.errors",),
    "The AWS endpoint": (
        "lakehouse_local.engines.athena.sandbox.pool",
        "lakehouse_local.engines.crawler.errors",
        "lakehouse_local.engines.dms.errors",
        "lakehouse_local.engines.jobs.errors",
        "lakehouse_local.engines.schedule.cron",
    ),
    "Shipping to AWS": ("lakehouse_local.ship.errors",),
    "Jobs in AWS Glue": ("lakehouse_aws.errors",),
}
Error = type[LakehouseError] | type[SourceError]
_BASES = (LakehouseError, SourceError)
_FOLLOWS = {
    Clock.NOTHING: "its inputs alone",
    Clock.YEAR: "its inputs, and the UTC year of `as_of`",
    Clock.MONTH: "its inputs, and the UTC month of `as_of`",
    Clock.DAY: "its inputs, and the UTC day of `as_of`",
    Clock.INSTANT: "its inputs, and `as_of`",
}


def errors() -> str:
    """Every error with its code, its exit code and what it says."""
    lines = [
        "# Errors",
        "",
        "Each is shown as `error (<code>) ...`, with what was wrong, what there is and what to try, and never as a traceback. Scripts tell them apart by",
        "the code; the exit code is 2 where the request has to change, 1 otherwise, and 130 after Ctrl-C. A traceback is a defect: report it.",
        "",
        "Written by `python -m lakehouse_local.reference errors`.",
    ]
    for title, modules in _ERRORS.items():
        lines += ["", f"## {title}", "", "| code | exit | what it says |", "|---|---|---|"]
        found = sorted((each for module in modules for each in errors_of(module)), key=attrgetter("code"))
        lines += [f"| `{each.code}` | {each.exit_code} | {_words(each.__doc__)} |" for each in found]
    return "\n".join([*lines, ""])


def errors_of(module: str) -> Iterator[Error]:
    """The errors that a module defines, but for the two that all others are made of."""
    for each in vars(import_module(module)).values():
        if inspect.isclass(each) and each.__module__ == module and issubclass(each, _BASES) and each not in _BASES:
            yield each


def every_error() -> list[Error]:
    """Those of the page that can be met: all but the ones that others are made of."""
    found = [each for modules in _ERRORS.values() for module in modules for each in errors_of(module)]
    return [each for each in found if not each.__subclasses__()]


def gold() -> str:
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
    yield _words(told.split("\n\n")[0].partition(": ")[2]).capitalize()
    yield ""
    yield f"- **Grain**: {mart.grain}; key {', '.join(f'`{name}`' for name in mart.key)}"
    yield f"- **Follows** {_FOLLOWS[mart.clock]}; inputs {', '.join(f'`{name}`' for name in mart.inputs)}"
    for paragraph in told.split("\n\n")[1:]:
        yield f"- {_words(paragraph)}"
    yield ""
    yield "| column | unit | what it says |"
    yield "|---|---|---|"
    for measure in mart.measures:
        yield f"| `{measure.column}` | {measure.unit} | {measure.meaning} |"


def _words(told: str | None) -> str:
    """A docstring's text in one line, its markup as Markdown's."""
    return re.sub(r":\w+:`(.+?)`", r"`\1`", " ".join((told or "").split())).replace("``", "`").replace("|", "\\|")


PAGES: dict[str, Callable[[], str]] = {"errors": errors, "gold": gold}

if __name__ == "__main__":
    sys.stdout.write(PAGES[sys.argv[1]]())
