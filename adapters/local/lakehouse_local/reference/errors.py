"""The page of errors."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from operator import attrgetter

from lakehouse_core.errors import LakehouseError
from lakehouse_local.reference.words import words
from source_app.errors import SourceError

_ERRORS = {
    "Any command, notebook or test": ("lakehouse_core.errors", "lakehouse_core.gold.periods", "lakehouse_local.errors"),
    "The source application": ("source_app.errors",),
    "Servers": ("lakehouse_local.providers.errors",),
    "Capture": ("lakehouse_local.capture.errors",),
    "Proof": ("lakehouse_local.proof.errors",),
    "Queries": ("lakehouse_local.query.errors",),
    "Erasing a person": ("lakehouse_local.erase.errors",),
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


def page() -> str:
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
        lines += [f"| `{each.code}` | {each.exit_code} | {words(each.__doc__)} |" for each in found]
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
