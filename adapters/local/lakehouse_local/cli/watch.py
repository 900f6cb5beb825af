"""The verb that stays: watch."""

import json as json_module
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table

from lakehouse_local import environment, settings
from lakehouse_local.cli import output

if TYPE_CHECKING:
    from lakehouse_local.lake.lag import Lag
    from lakehouse_local.lake.watch import Tick

ABANDONED = 130


def watch(
    every: Annotated[float, typer.Option(min=0.1, help="Seconds from one run to the look for the next.")] = 5.0,
    *,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object a second (also where the output is no terminal).")
    ] = False,
) -> None:
    """Capture without a pause and run whenever bronze has news, until Ctrl-C; show lag, rows, quality and freshness.

    Ctrl-C lets a run that has begun finish, and ends with exit code 0. A second one abandons it: the next run repeats it.

    Lag is the write-ahead log that a layer does not have yet, in bytes, and the seconds since the source stood there.
    """
    from lakehouse_local.lake.watch import Watch  # noqa: PLC0415 - Spark's libraries load only where they are needed

    chosen = settings.from_environment()
    watching = Watch(environment.load(chosen), chosen, every)
    asked = False

    def end(*_: object) -> None:
        nonlocal asked
        if asked:
            output.out.show_cursor()
            os._exit(ABANDONED)
        asked = True
        watching.stop()

    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, end)
    with closing(watching.ticks()) as ticks:
        (_lines if json or not output.out.is_terminal else _live)(ticks)
    if watching.result:
        output.warn(watching.result.warnings)
        output.err.print(str(watching.result))


def _lines(ticks: "Iterator[Tick]") -> None:
    """One JSON object a line, until nobody reads them any more."""
    try:
        for tick in ticks:
            print(json_module.dumps(tick, default=output.plain), flush=True)  # noqa: T201 - rich would wrap it
    except BrokenPipeError:
        # Python would complain about the pipe once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _live(ticks: "Iterator[Tick]") -> None:
    with Live(console=output.out, auto_refresh=False) as live:
        for tick in ticks:
            live.update(view(tick), refresh=True)


def view(tick: "Tick") -> Group:
    """What a person sees of a tick."""
    behind = output.grid("lag", ("layer", "up to LSN", "bytes behind", "seconds behind"))
    behind.add_row("source", tick.source_lsn or "does not answer", "", "")
    behind.add_row("bronze", tick.bronze_lsn or "-", *_lag(tick.bronze))
    behind.add_row("silver", tick.silver_lsn or "-", *_lag(tick.silver))
    rows = output.grid(
        f"rows since the watch began: {tick.rows.captured:,} captured",
        ("table", "rows in", "upserts", "deletes", "quarantined", "superseded"),
    )
    for table, counts in tick.rows.taken_in.items():
        rows.add_row(table, *(f"{count:,}" for count in counts.values()))
    facts = Table.grid(padding=(0, 2))
    facts.add_row("run", f"{tick.run or 'none yet'} ({tick.runs} by this watch)")
    facts.add_row("quality", _quality(tick))
    facts.add_row("gold", _gold(tick))
    facts.add_row("now", tick.doing)
    return Group(behind, rows, facts)


def _lag(lag: "Lag") -> tuple[str, str]:
    return (
        "-" if lag.bytes is None else f"{lag.bytes:,}",
        "-" if lag.seconds is None else f"{lag.seconds:.1f}",
    )


def _quality(tick: "Tick") -> str:
    found = tick.quality
    if found is None:
        return "not checked yet"
    return (
        f"{found.failed_rules} of {found.rules} rules fail in {found.failed_rows:,} rows, "
        f"{found.quarantined:,} rows in quarantine (run {found.run})"
    )


def _gold(tick: "Tick") -> str:
    gold = tick.gold
    if gold.as_of is None:
        return "not computed yet"
    behind = f", bronze is {gold.behind_seconds:,.0f} business seconds later" if gold.behind_seconds else ""
    age = "" if gold.age_seconds is None else f", refreshed {gold.age_seconds:.0f} s ago"
    return f"as of {gold.as_of:%Y-%m-%d %H:%M:%S} UTC{behind}{age}"


def register(app: typer.Typer) -> None:
    """Add the verb to the application."""
    app.command()(watch)
