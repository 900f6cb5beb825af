"""How commands speak: people read tables on standard output, scripts read JSON, progress goes to standard error."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from lakehouse_local.progress import Say

out = Console()
err = Console(stderr=True)

Steps = Callable[[str, int, int], None]


def as_json(value: object) -> None:
    """Print a value as JSON: dataclasses as objects, times as ISO 8601, whatever else JSON lacks as text."""
    print(json.dumps(value, indent=2, default=plain))  # noqa: T201 - rich would wrap and colour it


def plain(value: object) -> object:
    """What JSON lacks, as something that it has."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows; numbers stand on the right."""
    shown = Table(title=title, title_justify="left", header_style="bold")
    for index, name in enumerate(columns):
        numeric = all(isinstance(row[index], int | float) for row in rows)
        shown.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        shown.add_row(
            *(f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell) for cell in row)
        )
    out.print(shown)


def warn(warnings: Sequence[str]) -> None:
    """Say on standard error what is no error and must not stay unseen."""
    for warning in warnings:
        err.print(f"[yellow]warning[/] {warning}")


def counts(values: Mapping[str, int]) -> str:
    """A mapping of counts in one line."""
    return ", ".join(f"{name} {count:,}" for name, count in values.items())


def grid(title: str, columns: Sequence[str]) -> Table:
    """An empty table for what changes while it is shown: text in the first column, numbers in the others."""
    made = Table(title=title, title_justify="left", header_style="bold")
    for index, name in enumerate(columns):
        made.add_column(name, justify="right" if index else "left")
    return made


@contextmanager
def working(start: str) -> Iterator[Say]:
    """A spinner with the step that is under way; plain lines where nobody watches."""
    if not err.is_terminal:
        err.print(start)
        yield err.print
        return
    with err.status(start) as status:
        yield status.update


@contextmanager
def counting() -> Iterator[Steps]:
    """Progress bars by name: call with (name, done, total)."""
    bars = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    )
    tasks: dict[str, Any] = {}

    def step(name: str, done: int, total: int) -> None:
        if name not in tasks:
            tasks[name] = bars.add_task(name, total=total)
        bars.update(tasks[name], completed=done, total=total)

    with bars:
        yield step
