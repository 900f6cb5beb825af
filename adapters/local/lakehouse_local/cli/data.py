"""Verbs that move data: seed, simulate, replicate, run, backfill, rebuild, erase."""

import signal
import threading
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse_local import environment, settings
from lakehouse_local.cli import output

if TYPE_CHECKING:
    from lakehouse_local.lake.work import RunReport

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Wire = Annotated[
    str | None,
    typer.Option(
        help="How bronze is written: dms (CSV as AWS DMS writes it, all changes in commit order; the default of a new "
        "lake), dms-tables (the same, a folder and a header per table) or debezium (change events as JSON lines). "
        "A lake keeps the one that it began with.",
        show_default=False,
    ),
]


def seed(
    scale: Annotated[
        str, typer.Option(help="small, medium (543,928 rows, the POC's) or large (ten times medium).")
    ] = "medium",
    seed: Annotated[int, typer.Option(help="Everything that is generated follows from it.")] = 7,
    *,
    json: AsJson = False,
) -> None:
    """Fill the source with six months of a business, planted defects included."""
    from source_app import seeding  # noqa: PLC0415 - Django starts only where it is needed

    chosen = settings.from_environment()
    running = environment.load(chosen)
    with output.counting() as progress:
        seeded = seeding.seed(running.postgres.dsn, scale, seed, chosen.cache / "seeds", progress)
    if json:
        output.as_json(seeded.as_dict())
    else:
        output.out.print(seeded.summary())


def simulate(
    days: Annotated[int, typer.Option(min=1, help="Business days to play.")] = 1,
    seed: Annotated[int, typer.Option(help="The days follow from it and from what the source holds.")] = 7,
    *,
    json: AsJson = False,
) -> None:
    """Play business days into the source: orders, payments, refunds, corrections, erasures, key changes, late events."""
    from source_app import simulation  # noqa: PLC0415 - Django starts only where it is needed

    running = environment.load(settings.from_environment())
    with output.counting() as progress:
        played = simulation.simulate(running.postgres.dsn, days, seed, progress)
    if json:
        output.as_json(played.as_dict())
    else:
        output.out.print(played.summary())


def replicate(
    *,
    once: Annotated[bool, typer.Option("--once", help="Stop when everything committed so far is in bronze.")] = False,
    reload: Annotated[bool, typer.Option("--reload", help="Load all tables again, as a new epoch.")] = False,
    wire: Wire = None,
) -> None:
    """Capture the source into bronze: a full load the first time, then changes, until you stop it (Ctrl-C)."""
    from lakehouse_local.lake import sources  # noqa: PLC0415

    chosen = settings.from_environment()
    running = environment.load(chosen)
    stop = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: stop.set())
    with output.working("capturing") as say:
        captured = sources.capture(running, chosen, say, until=None if once else stop, reload=reload, wire=wire)
    output.warn(captured.warnings)
    output.out.print(str(captured))


def run(
    *,
    table_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="hudi or delta, for a lake's first run; after that it keeps its format.",
            show_default="hudi",
        ),
    ] = None,
    wire: Wire = None,
    json: AsJson = False,
) -> None:
    """Capture what is new, merge it into silver, refresh gold, and write the run record.

    With nothing new it says so and does nothing. Rows in are always kept + quarantined + superseded, or the run stops.
    """
    from lakehouse_local.lake import work  # noqa: PLC0415 - Spark's libraries load only where they are needed

    chosen = settings.from_environment()
    running = environment.load(chosen)
    with output.working("looking for changes") as say:
        report = work.run(running, chosen, say, table_format=table_format, wire=wire)
    _show(report, json=json)


def backfill(
    since: Annotated[str, typer.Option("--from", help="A business time: 2025-06-01, or 2025-06-01T12:00:00Z.")],
    until: Annotated[str, typer.Option("--to", help="A business time, itself not included.")],
    *,
    json: AsJson = False,
) -> None:
    """Take what was captured in a period into silver once more, and refresh gold: after a silver function changed.

    Repeating it changes nothing. Late data needs no backfill: a run puts it where it belongs. Loads are not repeated,
    nor what is typed or quarantined decided anew: lakehouse replicate --reload takes in everything anew.
    """
    from lakehouse_local.lake.backfill import backfill as repeat  # noqa: PLC0415
    from lakehouse_local.query.engine import parse_as_of  # noqa: PLC0415

    chosen = settings.from_environment()
    period = parse_as_of(since), parse_as_of(until)
    running = environment.load(chosen)
    with output.working("looking for changes") as say:
        report = repeat(running, chosen, *period, say)
    _show(report, json=json)


def rebuild(
    scale: Annotated[str, typer.Option(help="small, medium or large.")] = "small",
    seed: Annotated[int, typer.Option(help="The business and its days follow from it.")] = 7,
    days: Annotated[int, typer.Option("--days", "--day", min=0, help="Business days after the seed's last one.")] = 0,
    out: Annotated[Path | None, typer.Option("--dashboard", help="Where to write that day's dashboard.")] = None,
    *,
    json: AsJson = False,
) -> None:
    """Make source, bronze, silver, gold and dashboard as they stood on a business day, in a home that is new.

    LAKEHOUSE_HOME names it. The same seed and day give the same rows each time: the fingerprint of all of them says so.
    """
    from lakehouse_local.rebuild import Day  # noqa: PLC0415 - Spark's libraries load only where they are needed
    from lakehouse_local.rebuild import rebuild as again  # noqa: PLC0415

    chosen = settings.from_environment()
    with output.working("making it anew") as say:
        built = again(chosen, Day(scale, seed, days), say, lambda what, done, total: say(f"{what}: {done} of {total}"))
        if out is not None:
            from lakehouse_local.dashboard import site  # noqa: PLC0415

            site.write(site.html(site.ask(environment.load(chosen), chosen, say)), out)
    if json:
        output.as_json(asdict(built) | {"fingerprint": built.fingerprint})
        return
    output.table("sha256 of the rows", ("table", "fingerprint"), sorted(built.fingerprints.items()))
    output.out.print(
        f"seed {seed}, {scale}, day {days}, as of {built.as_of:%Y-%m-%d %H:%M} UTC: all tables {built.fingerprint}",
        soft_wrap=True,
    )


def erase(
    tenant: Annotated[int, typer.Option(help="The tenant's id.")],
    customer: Annotated[int, typer.Option(help="The customer's id.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: AsJson = False,
) -> None:
    """Take a person out of source, bronze, silver and gold, every old version of a file included; write a receipt.

    E-mail, phone and names become a placeholder wherever they stand; orders, invoices and events stay, so no sum moves.
    Then every object is searched, unpacked, for what was the person's alone: exit code 1 if anything is left. The lake
    cannot be asked for a time before it any more. Cut off, the same command goes on; until then no run begins.
    """
    from lakehouse_local.erase.flow import erase as forget  # noqa: PLC0415 - Spark's libraries load only where they are needed
    from lakehouse_local.erase.person import Person  # noqa: PLC0415

    chosen = settings.from_environment()
    running = environment.load(chosen)
    person = Person(tenant, customer)
    if not yes:
        typer.confirm(
            f"Erase {person} for good, and with it every earlier version of the lake's tables?", abort=True, err=True
        )
    with output.working("looking for the person") as say:
        done = forget(running, chosen, person, datetime.now(UTC), say)
    receipt = done.receipt
    assert receipt is not None  # noqa: S101 - an erasure that returns has one
    if json:
        output.as_json(replace(done, wanted=None))
    else:
        rows = (
            ("source", done.source_rows, "rows"),
            (
                "bronze",
                receipt.bronze_rows,
                f"rows in {len(receipt.files)} files, {len(receipt.manifests)} manifests followed",
            ),
            ("silver, change log", receipt.log_rows, "rows"),
            ("silver, quarantine", receipt.quarantined, "rows"),
            ("tables made anew", len(receipt.tables), ", ".join(receipt.tables)),
            ("searched for", sum(receipt.words.values()), f"words ({output.counts(receipt.words)})"),
            ("not searched for", sum(receipt.shared.values()), "words: too short, or others have them too"),
            ("searched", receipt.objects, f"objects and files, {receipt.bytes:,} bytes unpacked"),
            ("found", len(receipt.found), "\n".join(receipt.found)),
            ("unreadable", len(receipt.unreadable), "\n".join(receipt.unreadable)),
        )
        output.table(f"erased: {person}", ("where", "count", "what"), rows)
        output.out.print("outside of the search: " + "; ".join(receipt.not_searched))
        output.out.print(f"receipt: s3://{chosen.naming.bucket('silver')}/{done.key}", soft_wrap=True)
    raise typer.Exit(0 if receipt.is_clean else 1)


def _show(report: "RunReport", *, json: bool) -> None:
    """Print what a run did."""
    output.warn(report.captured.warnings)
    if json:
        output.as_json(report.as_dict())
        return
    output.out.print(report.headline())
    if report.tables:
        output.table(
            "taken in",
            ("table", "rows in", "upserts", "deletes", "quarantined", "superseded"),
            [(name, c.read, c.upserts, c.deletes, c.quarantined, c.superseded) for name, c in report.tables.items()],
        )


def register(app: typer.Typer) -> None:
    """Add the verbs to the application."""
    for verb in (seed, simulate, replicate, run, backfill, rebuild, erase):
        app.command()(verb)
