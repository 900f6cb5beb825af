"""Lineage for people: a column as a tree, a blueprint as a page of Markdown."""

from collections.abc import Callable, Iterator
from difflib import get_close_matches

from rich.tree import Tree

from lakehouse_core.blueprint import Blueprint
from lakehouse_local.lineage.graph import GOLD, Column, Lineage
from lakehouse_local.query.errors import UnknownTable


def find(lineage: Lineage, name: str) -> list[Column]:
    """The columns that ``<layer>.<dataset>.<column>`` or ``<layer>.<dataset>`` names; UnknownTable says what is close."""
    known = sorted({*lineage.columns, *(each for sources in lineage.columns.values() for each in sources)})
    found = [column for column in known if name in (str(column), column.dataset)]
    if found:
        return found
    names = {str(column) for column in known} | {column.dataset for column in known}
    close = get_close_matches(name, sorted(names))
    raise UnknownTable(
        f"lineage knows no {name}; there are {', '.join(sorted({column.dataset for column in known}))}",
        hint=f"did you mean {' or '.join(close)}?" if close else "name a dataset, or one of its columns",
    )


def tree(lineage: Lineage, column: Column, step: Callable[[Column], frozenset[Column]]) -> Tree:
    """A column and, below it, where it comes from (or goes to), step by step."""
    shown = Tree(_label(lineage, column))
    _grow(lineage, shown, column, step)
    return shown


def page(lineage: Lineage, blueprint: Blueprint) -> str:
    """Every column of gold with the source's columns that it is computed from."""
    lines = [
        "# Lineage: what gold is computed from",
        "",
        "Read off Spark's analysed plans, without reading a row. A column without a source column counts rows. What only decides which rows there are (a",
        "filter, a join's or a group's key) stands below each table. A column in bold names a person, or is computed from one that does.",
        "`lakehouse lineage gold.customer_ltv.ltv` shows the steps between, `--down` where a column goes to, up to the dashboard's figures;",
        "`--format openlineage` gives it to other tools.",
        "",
        "Written by `python -m lakehouse_local.lineage`.",
    ]
    for mart in blueprint.marts:
        lines += ["", f"## {mart.name}", "", *_table(lineage, f"{GOLD}.{mart.name}")]
    return "\n".join([*lines, ""])


def _table(lineage: Lineage, dataset: str) -> Iterator[str]:
    yield "| column | comes from |"
    yield "|---|---|"
    for column in sorted(each for each in lineage.columns if each.dataset == dataset):
        name = f"**`{column.name}`**" if column in lineage.people else f"`{column.name}`"
        yield f"| {name} | {_listed(lineage.sources(column))} |"
    deciding = {source for each in lineage.rows[dataset] for source in lineage.sources(each)}
    yield ""
    yield f"Which rows: {_listed(frozenset(deciding)) or 'all there are'}."


def _listed(columns: frozenset[Column]) -> str:
    return ", ".join(f"`{str(each).removeprefix('source.')}`" for each in sorted(columns))


def _grow(lineage: Lineage, shown: Tree, column: Column, step: Callable[[Column], frozenset[Column]]) -> None:
    for each in sorted(step(column)):
        _grow(lineage, shown.add(_label(lineage, each)), each, step)


def _label(lineage: Lineage, column: Column) -> str:
    return f"{column} [dim](personal)[/]" if column in lineage.people else str(column)
