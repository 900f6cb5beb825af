"""A pytest plugin (``-p bad_inputs``): which of our errors each test raised, and which error no test raises.

A command in a process of its own is heard by the code that it prints (``error (<code>) ...``).
"""

import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from lakehouse_core.errors import LakehouseError
from lakehouse_local.reference.errors import every_error
from source_app.errors import SourceError

_SHOWN = 2
_PROPERTY = "errors met"
_PRINTED = re.compile(r"^error \(([a-z0-9-]+)\) ", re.MULTILINE)
_raised: set[str] = set()
_cases: dict[str, list[str]] = defaultdict(list)


def pytest_configure() -> None:
    """Listen to every error that is made here, and to what processes print."""
    for base in (LakehouseError, SourceError):
        made = base.__init__

        def heard(self: Any, *arguments: Any, _made: Any = made, **named: Any) -> None:
            _raised.add(type(self).code)
            _made(self, *arguments, **named)

        base.__init__ = heard  # type: ignore[method-assign]
    run = subprocess.run

    def overheard(*arguments: Any, **named: Any) -> Any:
        done = run(*arguments, **named)
        if isinstance(done.stderr, str):
            _raised.update(_PRINTED.findall(done.stderr))
        return done

    subprocess.run = overheard  # type: ignore[assignment]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """What was raised while the test ran belongs to it."""
    _raised.clear()
    try:
        yield
    finally:
        # A property of the report, because that is what comes back from xdist's workers.
        item.user_properties.append((_PROPERTY, sorted(_raised)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A test that passed meets the errors that were raised in it."""
    if report.when == "call" and report.passed:
        for name, codes in report.user_properties:
            if name == _PROPERTY and isinstance(codes, list):
                for code in codes:
                    _cases[code].append(report.nodeid)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table: code, how many tests meet it, the first of them; and what nobody meets."""
    every = sorted({error.code for error in every_error()})
    terminalreporter.section("errors, and the tests that meet them")
    for code in every:
        met = _cases[code]
        first = ", ".join(name.removeprefix("tests/") for name in met[:_SHOWN])
        terminalreporter.line(f"{code:40} {len(met):5}  {first}")
    cases = {name for names in _cases.values() for name in names}
    never = [code for code in every if not _cases[code]]
    terminalreporter.line(f"{len(cases)} tests meet {len(every) - len(never)} of {len(every)} errors")
    if never:
        terminalreporter.line(f"met by none: {', '.join(never)}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """An error that no test meets is a failure: its words and its way out were never tried."""
    if (
        not hasattr(session.config, "workerinput")
        and session.exitstatus == 0
        and any(not _cases[error.code] for error in every_error())
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        sys.stderr.write("an error is met by no test\n")
