"""Verbs about an account of AWS: cost."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from lakehouse_local import settings
from lakehouse_local.cli import output
from lakehouse_local.ship import account, bill
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
    chosen = settings.from_environment()
    planned, listed = plans.read(plan), lists.read(prices)
    with output.working("asking S3, Glue and Athena what was used"), account.named():
        name = planned.bucket if profile else chosen.naming.bucket
        found = measurements.measure(
            account.chosen(chosen, profile), {layer: name(layer) for layer in measurements.LAYERS}
        )
    assumed = bill.Assumptions(queries_per_month=queries)
    predicted = bill.predict(planned, found, listed, assumed)
    if infracost:
        infracost.write_text(usage.usage(planned, found, assumed))
    if json:
        output.as_json({**asdict(predicted), "total": asdict(predicted.total)})
    else:
        _show(predicted)


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


def register(app: typer.Typer) -> None:
    """Add the verbs to the application."""
    app.command()(cost)
