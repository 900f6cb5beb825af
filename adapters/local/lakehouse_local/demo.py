"""`make demo`: six months of a business from PostgreSQL to proven gold, three more days, the proof again, the dashboard."""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from rich.panel import Panel
from rich.syntax import Syntax

from lakehouse_core.errors import LakehouseError
from lakehouse_local import settings, supervisor
from lakehouse_local.cli import output
from lakehouse_local.dashboard import site
from lakehouse_local.environment import Environment
from lakehouse_local.lake import work
from lakehouse_local.progress import Say
from lakehouse_local.proof import verify
from lakehouse_local.query.engine import QueryEngine
from lakehouse_local.settings import Settings
from lakehouse_local.spark.session import session
from source_app import seeding, simulation

SCALE, SEED, DAYS = "medium", 7, 3

QUESTIONS = (
    (
        "Which tenants earn most, in their own currency?",
        """\
select t.name as tenant, r.currency, sum(r.gross_revenue) as revenue, sum(r.order_count) as orders
from gold.revenue_monthly r join silver.tenants t on t.id = r.tenant_id
group by all order by revenue desc limit 5""",
    ),
    (
        "How does monthly recurring revenue move?",
        """\
select month, opening_mrr as opening, new_mrr as new, expansion_mrr as expansion,
       contraction_mrr as contraction, churned_mrr as churned, closing_mrr as closing
from gold.subscription_monthly where tenant_id = 1 order by month desc limit 4""",
    ),
    (
        "Where do visitors leave on the way to a purchase?",
        """\
select sum(page_view_persons) as page_view, sum(product_view_persons) as product_view,
       sum(add_to_cart_persons) as add_to_cart, sum(checkout_started_persons) as checkout,
       sum(purchase_persons) as purchase
from gold.funnel_daily where is_complete""",
    ),
)

T = TypeVar("T")


@dataclass
class Stages:
    """Runs the stages one after another and remembers how long each took."""

    seconds: dict[str, float] = field(default_factory=dict)

    def __call__(self, name: str, work: Callable[[Say], T]) -> T:
        """Run one stage under a spinner."""
        started = time.monotonic()
        with output.working(name) as say:
            result = work(say)
        self.seconds[name] = time.monotonic() - started
        output.out.print(f"[green]done[/] {name} [dim]{self.seconds[name]:.1f} s[/]")
        return result


def _summary(running: Environment, stages: Stages, report: verify.VerifyReport) -> None:
    parts = "\n".join(
        (
            f"PostgreSQL  {running.postgres.version}, {running.postgres.provider} ({running.postgres.tls})",
            f"S3          {running.s3.version}, {running.s3.provider} at {running.s3.endpoint}",
            "Spark       3.5.6 with Hudi 1.0.2, one process on this machine",
            "queries     DuckDB over the files of the current snapshots",
        )
    )
    output.out.print(Panel(parts, title="what ran", title_align="left"))
    output.table("how long", ("stage", "seconds"), [(name, f"{took:.1f}") for name, took in stages.seconds.items()])
    output.out.print(f"[bold]{report.headline()}[/]")
    output.out.print(
        "\nThe servers keep running. Try next:\n"
        '  .venv/bin/lakehouse query "select * from gold.revenue_daily order by revenue_date desc limit 5"\n'
        "  .venv/bin/lakehouse simulate --days 1 && .venv/bin/lakehouse run && .venv/bin/lakehouse verify\n"
        "  .venv/bin/lakehouse history orders\n"
        "  .venv/bin/lakehouse dashboard --serve\n"
        "  .venv/bin/lakehouse down"
    )


def _demo(chosen: Settings) -> int:
    stages = Stages()
    # Spark needs seconds to start and nothing from the servers' data: it starts while they do.
    running = stages("start the servers", lambda say: supervisor.up(chosen, say))
    warm = threading.Thread(target=session, args=(chosen, running.s3, "lakehouse demo"), daemon=True)
    warm.start()
    with output.counting() as progress:
        started = time.monotonic()
        seeded = seeding.seed(running.postgres.dsn, SCALE, SEED, chosen.cache / "seeds", progress)
        stages.seconds["seed the source"] = time.monotonic() - started
    output.out.print(seeded.summary())
    warm.join()
    first = stages("capture, silver and gold", lambda say: work.run(running, chosen, say))
    output.out.print(first.headline())
    proof = stages("verify", lambda say: work.verify(running, chosen, say))
    verify.show(proof, output.out)
    engine = QueryEngine(running, chosen)
    for question, sql in QUESTIONS:
        output.out.print(f"\n[bold]{question}[/]")
        output.out.print(Syntax(sql, "sql", background_color="default", word_wrap=True))
        output.out.print(engine.run(sql).table())
    with output.counting() as progress:
        started = time.monotonic()
        played = simulation.simulate(running.postgres.dsn, DAYS, SEED, progress)
        stages.seconds[f"simulate {DAYS} business days"] = time.monotonic() - started
    output.out.print(played.summary())
    second = stages("capture and merge the changes", lambda say: work.run(running, chosen, say))
    output.out.print(second.headline())
    again = stages("verify again", lambda say: work.verify(running, chosen, say))
    verify.show(again, output.out)
    page = chosen.home / "dashboard.html"
    stages("build the dashboard", lambda say: site.write(site.html(site.ask(running, chosen, say)), page))
    _summary(running, stages, again)
    output.out.print(f"\nThe dashboard: {page}", soft_wrap=True)
    return 0 if proof.equal and again.equal else 1


def main() -> None:
    """Run the demonstration in the default home; an existing one is continued."""
    try:
        sys.exit(_demo(settings.from_environment()))
    except LakehouseError as error:
        output.err.print(f"[bold red]error[/] ({error.code}) {error}")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
