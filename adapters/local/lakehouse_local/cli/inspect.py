"""Verbs that look: verify, query, history, quality, lineage, dashboard."""

import json
import sys
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lakehouse_local import environment, settings
from lakehouse_local.cli import output, ship

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


class Shape(StrEnum):
    """How a query's rows are written."""

    table = "table"
    json = "json"
    csv = "csv"


def verify(*, json: AsJson = False) -> None:
    """Prove that silver and bronze equal PostgreSQL at one LSN; exit code 1 and the keys that differ if not.

    What is committed now and not yet in the lake is captured and taken in first.
    """
    from lakehouse_local.lake import work  # noqa: PLC0415 - Spark's libraries load only where they are needed
    from lakehouse_local.proof.verify import show  # noqa: PLC0415

    chosen = settings.from_environment()
    running = environment.load(chosen)
    with output.working("verifying") as say:
        report = work.verify(running, chosen, say)
    if json:
        output.as_json(report)
    else:
        show(report, output.out)
    raise typer.Exit(report.exit_code)


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT over silver.* and gold.*; DuckDB's dialect.")],
    as_of: Annotated[str | None, typer.Option(help="A business time: 2025-06-01, or 2025-06-01T12:00:00Z.")] = None,
    shape: Annotated[Shape, typer.Option("--format", "-f", help="How to write the rows.")] = Shape.table,
) -> None:
    """Ask the lake: DuckDB over exactly the files of the tables' current snapshots.

    Readers' views are silver.orders, silver.customers ...; history is silver.order_version ...; marts are
    gold.revenue_daily ...; the names that Athena uses work too: "lakehouse-poc_dev_silver".orders.
    """
    from lakehouse_local.query.engine import QueryEngine, parse_as_of  # noqa: PLC0415

    chosen = settings.from_environment()
    result = QueryEngine(environment.load(chosen), chosen).run(sql, parse_as_of(as_of) if as_of else None)
    match shape:
        case Shape.table:
            output.out.print(result.table())
        case Shape.json:
            result.write_json(sys.stdout)
        case Shape.csv:
            result.write_csv(sys.stdout)


class Report(StrEnum):
    """How a report is written."""

    text = "text"
    json = "json"
    html = "html"


def quality(
    shape: Annotated[Report, typer.Option("--format", "-f", help="How to write the report.")] = Report.text,
) -> None:
    """Check the contracts' rules over silver: how many rows each looked at, how many fail, what is in quarantine."""
    from lakehouse_core import quality as rules  # noqa: PLC0415 - Spark's libraries load only where they are needed
    from lakehouse_local.lake import checks  # noqa: PLC0415

    chosen = settings.from_environment()
    running = environment.load(chosen)
    with output.working("checking quality") as say:
        report = checks.report(running, chosen, say)
    write = {Report.text: rules.to_text, Report.json: rules.to_json, Report.html: rules.to_html}[shape]
    typer.echo(write(report), nl=False)


def history(
    table: Annotated[
        str, typer.Argument(help="A base table, reader's view or mart: order, orders, gold.revenue_daily.")
    ],
    *,
    json: AsJson = False,
) -> None:
    """List what each run did to a table: its commit, the business time it goes up to, the account of its rows.

    Of the last 20 runs at least every one is kept and can be asked for: lakehouse query --as-of.
    """
    from lakehouse_local.extensions import contracts  # noqa: PLC0415
    from lakehouse_local.query.history import history as rows_of  # noqa: PLC0415
    from lakehouse_local.storage import S3Storage  # noqa: PLC0415

    chosen = settings.from_environment()
    rows = rows_of(S3Storage(environment.load(chosen).s3), chosen.naming, table, contracts(chosen))
    if json:
        output.as_json(rows)
        return
    output.table(
        table,
        ("run", "as of", "commit", "rows in", "upserts", "deletes", "quarantined", "superseded", "kept"),
        [
            (
                row.run,
                f"{row.as_of:%Y-%m-%d %H:%M}",
                row.change.commit,
                row.change.rows_in,
                row.change.upserts,
                row.change.deletes,
                row.change.quarantined,
                row.change.superseded,
                "yes" if row.kept else "no",
            )
            for row in rows
        ],
    )


class Told(StrEnum):
    """How lineage is told."""

    text = "text"
    json = "json"
    openlineage = "openlineage"


def lineage(
    column: Annotated[
        str | None,
        typer.Argument(help="A column or a dataset: gold.customer_ltv.ltv, silver.orders, source.core_order."),
    ] = None,
    *,
    down: Annotated[bool, typer.Option("--down", help="Where it goes to, instead of where it comes from.")] = False,
    shape: Annotated[
        Told, typer.Option("--format", "-f", help="Of everything as json, or as OpenLineage's events, a line each.")
    ] = Told.text,
) -> None:
    """Show which columns a column is computed from, step by step, from the source to the dashboard's figures.

    Read off the code: no server has to run, and no row is read. Columns that name a person, or are computed from one that
    does, are marked personal. Without a column: every dataset and how many columns it has.
    """
    from lakehouse_local import extensions  # noqa: PLC0415 - Spark's libraries load only where they are needed
    from lakehouse_local.lineage import graph, openlineage, show  # noqa: PLC0415
    from lakehouse_local.spark.session import session  # noqa: PLC0415

    chosen = settings.from_environment()
    with output.working("reading plans") as say:
        spark = session(chosen, None, "lineage", say)
        say("following columns")
        known = graph.of(spark, extensions.blueprint(chosen))
    if shape is Told.openlineage:
        for event in openlineage.events(known, datetime.now(UTC)):
            typer.echo(json.dumps(event))
    elif shape is Told.json:
        output.as_json(
            [
                {"column": str(each), "from": sorted(map(str, known.before(each))), "person": each in known.people}
                for each in sorted(known.columns)
            ]
        )
    elif column is None:
        counts = Counter(each.dataset for each in known.columns)
        people = Counter(each.dataset for each in known.columns if each in known.people)
        rows = [(name, counts[name], people[name]) for name in sorted(counts)]
        output.table("lineage", ("dataset", "columns", "of them personal"), rows)
    else:
        for each in show.find(known, column):
            output.out.print(show.tree(known, each, known.after if down else known.before))


def dashboard(
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write the page.")] = Path("dashboard.html"),
    *,
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve it on loopback, and build it anew after each run.")
    ] = False,
    port: Annotated[int, typer.Option(help="Where --serve listens; 0 for a free port.", min=0, max=65535)] = 8050,
    plan: Annotated[
        Path | None,
        typer.Option(help="Terraform's plan in JSON, as for `lakehouse cost`: the page then has the month's bill."),
    ] = None,
) -> None:
    """Build the dashboard: one HTML file that works from disk, without a network.

    Revenue, customers, products, subscriptions, the funnel, data quality, the pipeline's runs, where each figure comes from,
    what AWS would cost, and what each figure means, for one tenant or all of them. With --serve, leave it open and let
    `lakehouse watch` or `lakehouse run` go on beside.
    """
    from lakehouse_local.dashboard import serve as server  # noqa: PLC0415 - Spark's libraries load only where they are needed
    from lakehouse_local.dashboard import site  # noqa: PLC0415
    from lakehouse_local.lake import records  # noqa: PLC0415
    from lakehouse_local.storage import S3Storage  # noqa: PLC0415

    chosen = settings.from_environment()
    running = environment.load(chosen)
    bill = ship.predicted(plan) if plan else None

    def built() -> server.Live:
        with output.working("building the dashboard") as say:
            answers = site.ask(running, chosen, say, bill)
        return server.Live(answers.runs[0].run, site.html(answers, live=serve))

    if not serve:
        page = built().page
        site.write(page, out)
        output.out.print(f"{out}: {len(page) / 1e6:.1f} MB; open it in a browser")
        return
    storage = S3Storage(running.s3)

    def newest() -> int:
        last = records.latest(storage, chosen.naming)
        return last.run if last else 0

    with suppress(KeyboardInterrupt):
        server.serve(built(), port, newest, built, lambda url: output.out.print(f"{url} (Ctrl-C ends it)"))


def register(app: typer.Typer) -> None:
    """Add the verbs to the application."""
    for verb in (verify, query, history, quality, lineage, dashboard):
        app.command()(verb)
