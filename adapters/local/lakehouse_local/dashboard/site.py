"""The page itself: figures asked for, drawn and written into one HTML file that needs nothing else."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import vl_convert
from jinja2 import Environment as Templates
from jinja2 import PackageLoader, StrictUndefined
from markupsafe import Markup
from pyspark.sql import SparkSession

from lakehouse_core.blueprint import Blueprint
from lakehouse_core.errors import TableMissing
from lakehouse_core.quality import Report
from lakehouse_local.dashboard.figures import PAGES
from lakehouse_local.environment import Environment
from lakehouse_local.errors import FileUnwritable
from lakehouse_local.extensions import blueprint
from lakehouse_local.lake import checks, records
from lakehouse_local.lake.records import RunRecord
from lakehouse_local.lineage import graph
from lakehouse_local.lineage.graph import Column, Lineage
from lakehouse_local.progress import Say
from lakehouse_local.query.engine import QueryEngine
from lakehouse_local.query.result import Result
from lakehouse_local.settings import Settings
from lakehouse_local.ship.bill import Bill
from lakehouse_local.spark.session import session
from lakehouse_local.storage import S3Storage

RUNS_SHOWN = 20
# Vega compiles its expressions, which only unsafe-eval allows; what runs at all is these two scripts and no other.
_POLICY = (
    "default-src 'none'; script-src {scripts} 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; "
    "connect-src {connect}; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class ComesFrom:
    """A figure's column, the columns of the source that it is computed from (none: it counts rows), and whether a person shows."""

    column: str
    sources: tuple[str, ...]
    personal: bool


@dataclass(frozen=True)
class Answers:
    """All that a page is made of: each figure's rows by name, tenants by id, the quality report, the runs, newest first.

    ``comes_from`` says of each figure from which columns of the source each of its own is computed; ``bill`` is the
    month that is predicted in AWS, if that was asked for.
    """

    figures: Mapping[str, Result]
    tenants: tuple[tuple[int, str], ...]
    quality: Report
    runs: tuple[RunRecord, ...]
    blueprint: Blueprint
    comes_from: Mapping[str, tuple[ComesFrom, ...]]
    bill: Bill | None = None


def ask(environment: Environment, settings: Settings, say: Say, bill: Bill | None = None) -> Answers:
    """Ask the lake everything that the dashboard shows, as the last run left it; TableMissing before the first run."""
    runs = records.every(S3Storage(environment.s3), settings.naming)
    if not runs:
        raise TableMissing("the lake is empty: no run has finished yet", hint="lakehouse run")
    spark = session(settings, environment.s3, "lakehouse dashboard", say)
    figures = [figure for page in PAGES for figure in page.figures]
    found: dict[str, Result] = {}
    # Spark plans, DuckDB asks: neither waits for the other.
    with ThreadPoolExecutor(1) as beside:
        following = beside.submit(_followed, spark, settings)
        quality = checks.report(environment, settings, say)
        engine = QueryEngine(environment, settings)
        for number, figure in enumerate(figures, 1):
            say(f"asking: {figure.question} ({number} of {len(figures)})")
            found[figure.name] = engine.run(figure.sql)
        tenants = engine.run("select id, name from silver.tenants order by name, id")
        say("following columns to the source")
        known = following.result()
    return Answers(
        figures=found,
        tenants=tuple((row[0], row[1]) for row in tenants.rows),
        quality=quality,
        runs=tuple(reversed(runs))[:RUNS_SHOWN],
        blueprint=blueprint(settings),
        comes_from={name: tuple(_comes_from(known, name, result.columns)) for name, result in found.items()},
        bill=bill,
    )


@cache
def _followed(spark: SparkSession, settings: Settings) -> Lineage:
    """The blueprint's lineage: it follows from the code alone, and a page that is served is built after each run."""
    return graph.of(spark, blueprint(settings))


def _comes_from(known: Lineage, figure: str, columns: Sequence[str]) -> Iterator[ComesFrom]:
    for name in columns:
        column = Column(f"{graph.DASHBOARD}.{figure}", name)
        sources = sorted(str(each).removeprefix(f"{graph.SOURCE}.") for each in known.sources(column))
        yield ComesFrom(name, tuple(sources), column in known.people)


def write(page: str, out: Path) -> None:
    """Store the page; FileUnwritable where that cannot be."""
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise FileUnwritable(
            f"{out} cannot be written: {error.strerror}", hint="--out names a file in a folder that is there"
        ) from error


def html(answers: Answers, *, live: bool = False) -> str:
    """The page as text.

    Args:
        answers: what the lake said.
        live: whether the page looks for a newer one of itself, where it is served.
    """
    bundle = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # its stub lacks the default
    script = files(__package__).joinpath("page.js").read_text()
    policy = _POLICY.format(
        scripts=" ".join(f"'sha256-{_sha256(text)}'" for text in (bundle, script)),
        connect="'self'" if live else "'none'",
    )
    templates = Templates(loader=PackageLoader(__package__, "."), autoescape=True, undefined=StrictUndefined)
    return templates.get_template("page.html.j2").render(
        policy=policy,
        style=Markup(files(__package__).joinpath("page.css").read_text()),  # noqa: S704 - our own file
        bundle=Markup(bundle),  # noqa: S704 - Vega's, from its wheel
        script=Markup(script),  # noqa: S704 - our own file
        data=Markup(_in_script(_data(answers, live=live))),  # noqa: S704 - escaped there
        pages=PAGES,
        answers=answers,
        marts=answers.blueprint.marts,
        runs=[_row(run) for run in answers.runs],
    )


def _data(answers: Answers, *, live: bool) -> dict[str, Any]:
    return {
        "live": live,
        "as_of": answers.runs[0].as_of.isoformat(),
        "run": answers.runs[0].run,
        "tenants": [{"id": key, "name": name} for key, name in answers.tenants],
        "currencies": _currencies(answers.figures),
        "figures": {
            figure.name: {
                "shape": figure.shape,
                "columns": answers.figures[figure.name].columns,
                "kinds": [_kind(text) for text in answers.figures[figure.name].types],
                "rows": [[_plain(cell) for cell in row] for row in answers.figures[figure.name].rows],
                "spec": figure.draw() if figure.draw else None,
            }
            for page in PAGES
            for figure in page.figures
        },
    }


def _currencies(figures: Mapping[str, Result]) -> list[str]:
    """Every currency that some figure has, that with most rows first."""
    seen: dict[str, int] = {}
    for result in figures.values():
        if "currency" in result.columns:
            place = result.columns.index("currency")
            for row in result.rows:
                if row[place] is not None:
                    seen[row[place]] = seen.get(row[place], 0) + 1
    return sorted(seen, key=lambda currency: (-seen[currency], currency))


def _kind(sql_type: str) -> str:
    """What a column's numbers are: gold keeps money to the cent and rates to six decimals."""
    if sql_type.startswith("DECIMAL"):
        return "rate" if sql_type.endswith(",6)") else "money"
    if sql_type.endswith("INT") or sql_type == "INTEGER":
        return "count"
    return {"DATE": "date", "BOOLEAN": "flag"}.get(sql_type, "text")


def _plain(cell: Any) -> Any:
    """A cell as JSON has it; decimals as text, digit for digit."""
    if isinstance(cell, Decimal):
        return str(cell)
    return cell.isoformat() if isinstance(cell, date | datetime) else cell


def _in_script(value: Any) -> str:
    """JSON that cannot end the element that it stands in, whatever texts are in it."""
    text = json.dumps(value)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _row(run: RunRecord) -> dict[str, Any]:
    """A run in the table of runs: the account of all its tables together."""
    parts = ("rows_in", "upserts", "deletes", "quarantined", "superseded")
    tables = [asdict(each) for name, each in run.tables.items() if name.startswith("silver.")]
    return {
        "run": run.run,
        "as_of": f"{run.as_of:%Y-%m-%d %H:%M}",
        "marts": len(run.marts),
        **{part: sum(table[part] for table in tables) for part in parts},
    }
