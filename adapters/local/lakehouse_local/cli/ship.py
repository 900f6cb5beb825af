"""Verbs about an account of AWS: cost, parity, deploy."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from lakehouse_core.contracts import Naming
from lakehouse_local import settings
from lakehouse_local.cli import output
from lakehouse_local.ship import account, bill, checks, probes, source
from lakehouse_local.ship import deploy as artifacts
from lakehouse_local.ship import infracost as usage
from lakehouse_local.ship import measured as measurements
from lakehouse_local.ship import plan as plans
from lakehouse_local.ship import prices as lists

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Profile = Annotated[
    str | None, typer.Option(help="A profile of AWS's configuration: your account instead of the local endpoint.")
]


def cost(
    plan: Annotated[Path, typer.Argument(help="Terraform's plan in JSON: terraform show -json tfplan > plan.json")],
    *,
    profile: Profile = None,
    queries: Annotated[int, typer.Option(min=0, help="Athena queries a month.")] = 1000,
    prices: Annotated[
        Path | None, typer.Option(help="A price list of your own instead of the one that comes along.")
    ] = None,
    infracost: Annotated[Path | None, typer.Option(help="Also write the use that is foretold, for infracost.")] = None,
    json: AsJson = False,
) -> None:
    """Predict a month's bill in AWS from Terraform's plan and from what ran here, beside the POC's own estimate.

    Run the pipeline once against the local endpoint first (examples/poc_walkthrough does): seconds of jobs and crawls,
    bytes of buckets and queries are asked of it, or with --profile of an account that runs the lake already.
    """
    planned, listed = plans.read(plan), lists.read(prices)
    found = _used(planned, profile)
    assumed = bill.Assumptions(queries_per_month=queries)
    month = bill.predict(planned, found, listed, assumed)
    if infracost:
        infracost.write_text(usage.usage(planned, found, assumed))
    if json:
        output.as_json({**asdict(month), "total": asdict(month.total)})
    else:
        _show(month)


def predicted(plan: Path) -> bill.Bill:
    """The bill of that plan by what ran against the local endpoint; the errors of `lakehouse cost`."""
    planned = plans.read(plan)
    return bill.predict(planned, _used(planned, None), lists.read(None), bill.Assumptions())


def _used(planned: plans.Plan, profile: str | None) -> measurements.Measured:
    """What ran so far used: here, or in the profile's account."""
    chosen = settings.from_environment()
    name = planned.bucket if profile else chosen.naming.bucket
    with output.working("asking S3, Glue and Athena what was used"), account.named():
        return measurements.measure(
            account.chosen(chosen, profile), {layer: name(layer) for layer in measurements.LAYERS}
        )


def _show(predicted: bill.Bill) -> None:
    """Print the bill, the tips, and what it rests on."""
    rows = [
        (line.part, line.what, f"{line.quantity.expected:,.3g} {line.unit}", *_money(line.usd), line.poc, line.basis)
        for line in predicted.lines
    ]
    rows.append(("total", "", "", *_money(predicted.total), predicted.poc_total, ""))
    columns = ("part", "what", "expected", "low $", "expected $", "high $", "POC $", "rests on")
    output.table(f"a month in {predicted.region}, prices of {predicted.prices_as_of}", columns, rows)
    output.table(
        "the POC's five tips",
        ("tip", "saves $", "why"),
        [(each.tip, f"{each.usd:,.2f}", each.why) for each in predicted.savings],
    )
    output.out.print("List prices without taxes, discounts or free tiers; nothing here was billed.")


def _money(amount: bill.Amount) -> tuple[str, str, str]:
    """Low, expected, high."""
    return f"{amount.low:,.2f}", f"{amount.expected:,.2f}", f"{amount.high:,.2f}"


def parity(
    profile: Annotated[str, typer.Option(help="A profile of AWS's configuration: the account to compare with.")],
    *,
    workgroup: Annotated[str, typer.Option(help="The account's work group in which Athena is asked.")] = "primary",
    results: Annotated[str | None, typer.Option(help="Where its results go: s3://bucket/prefix/.")] = None,
    json: AsJson = False,
) -> None:
    """Ask the local endpoint and your account the same, and show each answer that differs; exit code 1 if any does.

    Nothing is changed there: statements of Athena that read no table (each is billed as nothing), and calls about
    resources that do not exist. What is compared are states, types, printed values, error codes and messages.
    """
    chosen = settings.from_environment()
    naming = chosen.naming
    local = probes.Where(output=f"s3://{naming.bucket('athena')}/parity/")
    there = account.of_profile(profile), probes.Where(workgroup, results)
    with output.counting() as step, account.named():
        found = probes.compare((account.local(chosen), local), there, step)
    if json:
        output.as_json(found)
    elif found:
        rows = [(each.probe, each.asked, str(each.here), str(each.there)) for each in found]
        output.table(f"{len(found)} answers differ", ("probe", "asked", "here", "there"), rows)
    else:
        output.out.print(f"{len(probes.STATEMENTS) + len(probes.CALLS)} probes, no difference")
    raise typer.Exit(1 if found else 0)


deploy = typer.Typer(
    help="Upload wheel, job scripts and queries, and keep the source's address: to the local endpoint, or to your account.",
    no_args_is_help=True,
)
Checkout = Annotated[Path, typer.Option(help="The repository's folder, from which the wheel is built.")]
Project = Annotated[str | None, typer.Option(help="The deployment's project (default: lakehouse-poc).")]
Env = Annotated[str | None, typer.Option("--environment", help="The deployment's environment (default: dev).")]
Suffix = Annotated[str | None, typer.Option(help="The deployment's suffix; your account has one of its own.")]


@deploy.command("plan")
def deploy_plan(
    *,
    checkout: Checkout = Path(),
    profile: Profile = None,
    project: Project = None,
    environment: Env = None,
    suffix: Suffix = None,
    json: AsJson = False,
) -> None:
    """Show what `deploy apply` would upload: each object, whether it is new, changed or the same; exit code 0."""
    _deploy(artifacts.steps, checkout, profile, _naming(project, environment, suffix), json=json)


@deploy.command("apply")
def deploy_apply(
    *,
    checkout: Checkout = Path(),
    profile: Profile = None,
    project: Project = None,
    environment: Env = None,
    suffix: Suffix = None,
    json: AsJson = False,
) -> None:
    """Upload what is new or changed, each with its SHA-256, which S3 checks; the wheel first."""
    _deploy(artifacts.apply, checkout, profile, _naming(project, environment, suffix), json=json)


@deploy.command("check")
def deploy_check(
    plan: Annotated[Path, typer.Argument(help="Terraform's plan in JSON: terraform show -json tfplan > plan.json")],
    *,
    json: AsJson = False,
) -> None:
    """Look through a plan for what must not be deployed: wildcards, plain HTTP, open doors, secrets; exit code 1 if any."""
    found = checks.findings(plans.read(plan))
    if json:
        output.as_json(found)
    elif found:
        output.table(
            f"{len(found)} findings", ("resource", "rule", "what"), [(f.address, f.rule, f.what) for f in found]
        )
    else:
        output.out.print("nothing found")
    raise typer.Exit(1 if found else 0)


@deploy.command("source")
def deploy_source(
    host: Annotated[str, typer.Option(help="Where the source's PostgreSQL is now.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="Its port.")] = 5432,
    *,
    username: Annotated[str | None, typer.Option(help="As whom DMS logs in (default: as before).")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input (default: as before).")
    ] = False,
    profile: Profile = None,
    project: Project = None,
    environment: Env = None,
    json: AsJson = False,
) -> None:
    """Change the source's address in the one place that has it, the secret, and have DMS test it.

    If DMS cannot connect, the old address is put back and the exit code is 1.
    """
    chosen = settings.from_environment()
    naming = _naming(project, environment, None)
    password = sys.stdin.readline().rstrip("\n") if password_stdin else None
    with output.working("moving the source") as say, account.named():
        moved = source.move(
            account.chosen(chosen, profile),
            naming.prefix,
            source.Address(host, port, username, password),
            say,
        )
    if json:
        output.as_json(moved)
        return
    output.out.print(f"{moved.endpoint} connects to {host}:{port}; the address is in the secret {moved.secret}")
    for task in moved.running:
        output.out.print(f"{task} still runs on its old connection: stop it, then start it with resume-processing")


def _deploy(
    do: Callable[[Any, str, tuple[artifacts.Artifact, ...]], tuple[artifacts.Step, ...]],
    checkout: Path,
    profile: str | None,
    naming: Naming,
    *,
    json: bool,
) -> None:
    bucket = naming.bucket("scripts")
    with output.working("building the wheel") as say:
        wanted = artifacts.artifacts(checkout.absolute())
        say(f"comparing {len(wanted)} objects with s3://{bucket}")
        with account.named():
            steps = do(account.chosen(settings.from_environment(), profile)("s3"), bucket, wanted)
    if json:
        output.as_json({"bucket": bucket, "objects": [asdict(step) for step in steps]})
        return
    rows = [(step.key, step.state, step.bytes, step.sha256[:16]) for step in steps]
    output.table(f"s3://{bucket}", ("object", "state", "bytes", "SHA-256"), rows)


def _naming(project: str | None, environment: str | None, suffix: str | None) -> Naming:
    """The deployment that the options name; what they leave out is the local one's."""
    own = settings.from_environment().naming
    return Naming(project or own.project, environment or own.environment, suffix or own.suffix)


def register(app: typer.Typer) -> None:
    """Add the verbs to the application."""
    app.command()(cost)
    app.command()(parity)
    app.add_typer(deploy, name="deploy")
