"""Verbs about the servers: up, down, status, doctor, env."""

import shlex
from typing import Annotated

import typer
from rich.markup import escape

from lakehouse_local import environment, settings, supervisor
from lakehouse_local.cli import output
from lakehouse_local.providers import doctor as checks
from lakehouse_local.providers import exports

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def up() -> None:
    """Start PostgreSQL, S3 and the AWS endpoint, the best real part that is here, and keep them running.

    LAKEHOUSE_POSTGRES chooses a provider (docker, installed, embedded) or gives a DSN; LAKEHOUSE_S3 chooses
    docker, localstack, moto, or gives a URL. State lives in LAKEHOUSE_HOME (default: .lakehouse).
    """
    with output.working("starting servers") as say:
        running = supervisor.up(settings.from_environment(), say)
    for part in (running.postgres, running.s3):
        output.out.print(f"{part.provider}: {part.version} ({part.why})")


def down() -> None:
    """Export S3 (LocalStack keeps nothing over a restart), then stop the servers."""
    with output.working("stopping servers") as say:
        supervisor.down(settings.from_environment(), say)


def status(
    *,
    calls: Annotated[bool, typer.Option("--calls", help="List how the AWS endpoint answers each call.")] = False,
    json: AsJson = False,
) -> None:
    """Show which real parts run, why each was chosen, and what has died or is missing; exit code 1 if anything is."""
    if calls:
        _calls(json=json)
        return
    found = supervisor.status(settings.from_environment())
    if json:
        output.as_json(supervisor.as_dict(found))
    elif found.environment:
        parts = (("PostgreSQL", found.environment.postgres), ("S3", found.environment.s3))
        output.table(
            "running", ("part", "provider", "version", "why"), [(n, p.provider, p.version, p.why) for n, p in parts]
        )
        output.out.print(f"S3 endpoint {found.environment.s3.endpoint}; PostgreSQL: {found.environment.postgres.tls}")
        if found.environment.aws:
            output.out.print(f"AWS endpoint {found.environment.aws.endpoint}; calls: lakehouse status --calls")
    elif not found.died:
        output.out.print("nothing is running; start with: lakehouse up")
    if not json:
        for server, how in found.died.items():
            output.err.print(f"[bold red]{server} has ended[/]: {escape(how)}")
        if found.s3_loss:
            output.err.print(f"[yellow]S3[/]: {escape(found.s3_loss)}")
    raise typer.Exit(1 if found.died or found.s3_loss else 0)


def _calls(*, json: bool) -> None:
    from lakehouse_local.gateway import health  # noqa: PLC0415 - botocore's models load only where they are needed

    found = health.ask(environment.load(settings.from_environment()))
    if json:
        output.as_json(found)
        return
    for name, service in found["services"].items():
        counts = output.counts(service["counts"])
        output.table(f"{name}: {counts}", ("call", "answered"), sorted(service["calls"].items()))
    output.out.print(f"every other service: {found['forwards_to']}")


def doctor(*, json: AsJson = False) -> None:
    """Check what this machine offers, what is missing, and whether it matters; exit code 1 if something needed is."""
    found = checks.doctor(settings.from_environment())
    if json:
        output.as_json(found)
    else:
        marks = {True: "ok", False: "missing"}
        output.table(
            "this machine",
            ("check", "", "found", "try"),
            [(c.name, marks[c.ok] if c.needed or c.ok else "not here", c.found, "" if c.ok else c.hint) for c in found],
        )
    raise typer.Exit(0 if all(check.ok for check in found if check.needed) else 1)


def env() -> None:
    """Print shell exports for the running lakehouse: eval "$(lakehouse env)"."""
    for name, value in exports(environment.load(settings.from_environment())).items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def upgrade(*, json: AsJson = False) -> None:
    """Check that this version reads everything that another one left in a lakehouse, after `lakehouse up` with this one.

    A part that a newer version wrote is refused by name, and nothing is changed.
    """
    from lakehouse_local.lake import upgrade as parts  # noqa: PLC0415 - only where it is needed

    chosen = settings.from_environment()
    found = parts.check(environment.load(chosen), chosen)
    if json:
        output.as_json(found)
        return
    rows = [(each.name, "not there yet" if each.found is None else str(each.found), str(each.now)) for each in found]
    output.table("formats", ("part", "found", "written now"), rows)


def register(app: typer.Typer) -> None:
    """Add the verbs to the application."""
    for verb in (up, down, status, doctor, env, upgrade):
        app.command()(verb)
