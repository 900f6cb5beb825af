"""The `lakehouse` command: one module per group of verbs, errors shown as errors."""

import sys
from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from lakehouse_core.errors import LakehouseError
from lakehouse_local import settings
from lakehouse_local.cli import data, inspect, servers, ship, watch
from lakehouse_local.spark import failure
from source_app.errors import SourceError

app = typer.Typer(
    name="lakehouse",
    help="Run, break and prove a lakehouse on this machine: PostgreSQL -> capture -> S3 -> silver -> gold -> queries.\n\n"
    "Start with: lakehouse up, lakehouse seed, lakehouse run, lakehouse verify.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for group in (servers, data, watch, inspect, ship):
    group.register(app)


def main() -> None:
    """Run the command line; a user's mistake ends in one message and an exit code, never in a traceback."""
    try:
        app()
    except (LakehouseError, SourceError) as error:
        _end(error)
    except Exception as problem:
        failed = failure.named(problem, settings.from_environment())
        if failed is None:
            raise
        _end(failed)


def _end(error: LakehouseError | SourceError) -> NoReturn:
    errors = Console(stderr=True)
    errors.print(f"[bold red]error[/] [dim]({error.code})[/] {escape(error.message)}")
    if error.hint:
        errors.print(f"  [bold]try:[/] {escape(error.hint)}")
    sys.exit(error.exit_code)
