"""The page of commands: what ``--help`` says, on one page."""

import re
from collections.abc import Iterator

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from lakehouse_local.cli import app
from lakehouse_local.reference.words import words

_MARKUP = re.compile(r"\[/?[a-z ]*\]")


def page() -> str:
    """Every command with its arguments and options."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)  # noqa: S101 - several commands make a group
    lines = [
        "# Commands",
        "",
        "Each exits with 0 when it did what it says, 2 where the request has to change, 1 otherwise; `--json`, where there is one, writes a document to",
        "standard output, while progress and errors go to standard error.",
        "",
        "Written by `python -m lakehouse_local.reference cli`.",
    ]
    for path, command in _commands("lakehouse", group):
        lines += ["", f"## {path}", "", *_command(path, command)]
    return "\n".join([*lines, ""])


def _commands(path: str, group: TyperGroup) -> Iterator[tuple[str, TyperCommand]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, TyperGroup):
            yield from _commands(f"{path} {name}", command)
        elif isinstance(command, TyperCommand):
            yield f"{path} {name}", command


def _command(path: str, command: TyperCommand) -> Iterator[str]:
    context = typer.Context(command, info_name=path)
    yield _plain(command.help)
    yield ""
    yield f"`{path} {' '.join(command.collect_usage_pieces(context))}`"
    told = [record for parameter in command.params if (record := _record(parameter, context))]
    if told:
        yield from ("", "| option | what it does |", "|---|---|")
        for names, what in told:
            yield f"| `{names}` | {_plain(what)} |"


def _record(parameter: object, context: typer.Context) -> tuple[str, str] | None:
    return parameter.get_help_record(context) if isinstance(parameter, TyperArgument | TyperOption) else None


def _plain(told: str | None) -> str:
    return words(_MARKUP.sub("", told or ""))
