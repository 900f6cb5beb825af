"""`lakehouse dashboard` in a real browser: the page says what the queries say, to everyone, and nothing else."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from browser import Watched, chromium, watched
from lakehouse_home import Lakehouse
from playwright.sync_api import Browser

from lakehouse_local.dashboard import serve, site
from lakehouse_local.dashboard.figures import PAGES, Shape
from lakehouse_local.dashboard.site import Answers
from lakehouse_local.ship.bill import Amount, Assumptions, Bill, Line, Saving, exactly

EVIL = "<script>alert(1)</script>"
PEOPLE = ("quality", "pipeline", "lineage", "cost", "definitions")
BILL = Bill(
    prices_as_of="2026-01-01",
    region="us-west-2",
    assumptions=Assumptions(),
    lines=(
        Line("DMS", "instance dms.t3.medium", exactly(730), "hour", Amount(10, 1234.5, 2000), "plan: on all month"),
    ),
    savings=(Saving("Stop it when nobody tests", 12.3, "<b>40</b> of 168 hours on"),),
)


@dataclass(frozen=True)
class Built:
    """What the lake answered, and the file made of it."""

    answers: Answers
    file: Path

    def url(self, slug: str) -> str:
        """A page's address."""
        return f"{self.file.as_uri()}#{slug}"


@pytest.fixture(scope="module")
def built(lake: Lakehouse, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The dashboard of a lake with one tenant more, who has a name to fear and no customers."""
    lake.change(
        "insert into core_tenant (id, name, slug, domain, is_active, settings, created_at, updated_at)"
        f" values (900, '{EVIL}', 'evil', 'evil.example', true,"
        """ '{"currency": "EUR", "plan_type": "</script><img src=x onerror=alert(2)>"}', now(), now())"""
    )
    lake.run()
    answers = site.ask(lake.parts, lake.settings, lambda _: None)
    file = tmp_path_factory.mktemp("dashboard") / "dashboard.html"
    file.write_text(site.html(answers))
    return Built(answers, file)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the module."""
    with chromium() as running:
        yield running


def opened(seen: Watched, built: Built, slug: str, tenant: str = "", currency: str | None = None) -> None:
    """Open a page and choose a scope; returns when everything is drawn."""
    seen.page.goto(built.url(slug))
    seen.page.reload()
    seen.page.select_option("#tenant", tenant)
    if currency is not None:
        seen.page.select_option("#currency", currency)
    scope = f"{tenant}/{seen.page.input_value('#currency')}"
    seen.page.wait_for_function(
        "([id, scope]) => document.getElementById(id).dataset.drawn === scope", arg=[f"page-{slug}", scope]
    )


def expected(built: Built, name: str, tenant: int | None, currency: str) -> list[list[str]]:
    """The rows that a figure must show in that scope, as the query gave them."""
    result = built.answers.figures[name]
    rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
    chosen = [row for row in rows if row["tenant_id"] == tenant and row.get("currency", currency) == currency]
    return [[_text(value) for name, value in row.items() if name not in ("tenant_id", "currency")] for row in chosen]


def _text(value: Any) -> str:
    """A cell as the page writes it, but for commas."""
    cell = site._plain(value)
    return (cell if isinstance(cell, str) else json.dumps(cell)).replace(",", "")


def plain(cells: Sequence[Sequence[str]]) -> list[list[str]]:
    """Cells of the page without the commas between thousands, and NULL as the query has it."""
    return [["null" if cell == "\N{EN DASH}" else cell.replace(",", "") for cell in row] for row in cells]


@pytest.mark.parametrize("tenant", [None, 1])
def test_the_page_says_what_the_queries_say(built: Built, browser: Browser, tenant: int | None) -> None:
    """Row for row and digit for digit, for every figure, in every currency."""
    currencies = site._currencies(built.answers.figures)
    assert currencies
    shown = 0
    with watched(browser) as seen:
        for page in PAGES:
            for currency in currencies:
                opened(seen, built, page.slug, "" if tenant is None else str(tenant), currency)
                for figure in page.figures:
                    place = ".shown" if figure.shape is Shape.TABLE else ".rows"
                    cells = seen.page.eval_on_selector_all(
                        f"[data-figure={figure.name}] {place} tbody tr",
                        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))",
                    )
                    wanted = expected(built, figure.name, tenant, currency)
                    assert plain(cells) == wanted
                    shown += len(cells)
                    if figure.shape is Shape.CHART and wanted:
                        assert seen.page.locator(f"[data-figure={figure.name}] svg").count() == 1
        assert seen.complaints == []
        assert all(url.startswith("file:") for url in seen.asked)
    assert shown > 100


def test_the_last_month_is_the_sources(lake: Lakehouse, built: Built) -> None:
    """The first figure once more, from PostgreSQL itself."""
    result = built.answers.figures["revenue_last_month"]
    rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
    found = {row["currency"]: (row["gross_revenue"], int(row["orders"])) for row in rows if row["tenant_id"] is None}
    month = rows[0]["month"]
    source = lake.source(
        "select currency, sum(total_amount), count(*) from core_order where status = 'completed'"
        f" and date_trunc('month', order_date at time zone 'UTC') = '{month}' group by 1"
    )
    assert found == {currency: (amount, count) for currency, amount, count in source}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_it(built: Built, browser: Browser, scheme: str) -> None:
    """Axe finds nothing on any page, with every detail open."""
    with watched(browser, scheme=scheme) as seen:
        for slug in (*(page.slug for page in PAGES), *PEOPLE):
            opened(seen, built, slug)
            seen.page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true; })")
            assert seen.violations() == []
        assert seen.complaints == []


def test_by_keyboard_and_on_a_phone(built: Built, browser: Browser) -> None:
    """The first Tab offers the way past the header; pages turn by Enter; nothing is wider than the screen."""
    with watched(browser, width=390) as seen:
        opened(seen, built, "revenue")
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate("document.activeElement.textContent") == "Skip to the figures"
        seen.page.focus("nav a[href='#funnel']")
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_selector("#page-funnel:not([hidden]) svg")
        assert seen.page.title().startswith("Funnel")
        for slug in (*(page.slug for page in PAGES), *PEOPLE):
            opened(seen, built, slug)
            assert seen.page.evaluate("document.scrollingElement.scrollWidth") <= 390, slug
        assert seen.complaints == []


def test_lineage_and_cost(built: Built, browser: Browser) -> None:
    """Each figure names the source's columns, personal ones marked; the bill is there if it was asked for, else how to ask."""
    with watched(browser) as seen:
        opened(seen, built, "lineage")
        told = seen.page.locator("#page-lineage tr", has_text="net_revenue").first.text_content() or ""
        assert {"core_order.subtotal", "core_order.discount_percent"} <= set(told.replace(",", " ").split())
        assert seen.page.locator("#page-lineage tbody tr").count() == sum(
            len(result.columns) for result in built.answers.figures.values()
        )
        opened(seen, built, "cost")
        assert "lakehouse dashboard --plan plan.json" in (seen.page.locator("#page-cost").text_content() or "")
        with_bill = built.file.with_name("with-bill.html")
        with_bill.write_text(site.html(replace(built.answers, bill=BILL)))
        opened(seen, Built(built.answers, with_bill), "cost")
        assert seen.page.locator("#page-cost .value").all_text_contents() == [
            "$10.00",
            "$1,234.50",
            "$2,000.00",
            "$120-135",
        ]
        assert seen.page.locator("#page-cost td", has_text="<b>40</b> of 168").count() == 1
        assert seen.violations() == []
        assert seen.complaints == []


def test_a_tenant_with_a_name_to_fear(built: Built, browser: Browser) -> None:
    """Its name is text, its settings run nothing, and where it has nothing that is said."""
    assert EVIL not in built.file.read_text()
    with watched(browser) as seen:
        opened(seen, built, "revenue", "900")
        assert EVIL in (seen.page.locator("#tenant option:checked").text_content() or "")
        said = seen.page.locator("[data-figure=revenue_by_month] .nothing").text_content()
        assert said == f"Nothing to show for {EVIL} (900) in {seen.page.input_value('#currency')}."
        for slug in (*(page.slug for page in PAGES), *PEOPLE):
            opened(seen, built, slug, "900")
        assert seen.complaints == []
        assert seen.page.locator("img").count() == 0


def test_the_policy_lets_nothing_else_run(built: Built, browser: Browser) -> None:
    """A script that is put into the file does not run, and nothing can be fetched."""
    altered = built.file.with_name("altered.html")
    before, after = built.file.read_text().rsplit("</body>", 1)
    altered.write_text(f"{before}<script>window.broken = 1</script></body>{after}")
    with watched(browser) as seen:
        opened(seen, Built(built.answers, altered), "revenue")
        assert seen.page.evaluate("window.broken") is None
        assert any("Content Security Policy" in each for each in seen.complaints)


def test_live(built: Built, browser: Browser) -> None:
    """Served on loopback, it shows the next run by itself; to another name it does not answer."""
    page = site.html(built.answers, live=True)
    first = built.answers.runs[0].run
    runs = iter([first, first + 1])
    newer = page.replace(f'"run": {first}', f'"run": {first + 1}').replace("<h1>Lakehouse</h1>", "<h1>Newer</h1>")
    addresses: list[str] = []

    class Done(Exception):
        """The test has seen what it came for."""

    def visit(url: str) -> None:
        addresses.append(url)

    def newest() -> int:
        found = next(runs, None)
        if found is not None:
            return found
        with watched(browser) as seen:
            seen.page.goto(addresses[0])
            assert seen.page.locator("h1").text_content() == "Newer"
            assert seen.complaints == []
        request = urllib.request.Request(addresses[0], headers={"Host": "evil.example"})  # noqa: S310 - loopback
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(request)  # noqa: S310
        with urllib.request.urlopen(f"{addresses[0]}run") as answer:  # noqa: S310
            assert int(answer.read()) == first + 1
        raise Done

    with pytest.raises(Done):
        serve.serve(serve.Live(first, page), 0, newest, lambda: serve.Live(first + 1, newer), visit)
    assert addresses[0].startswith("http://127.0.0.1:")


def test_the_command(lake: Lakehouse, tmp_path: Path) -> None:
    """It writes the file and says where; a folder that is not there is a named error, an empty lake another."""
    assert lake.command("dashboard", "--out", str(tmp_path / "no" / "x.html")).ended == (1, "file-unwritable")
    said = lake.command("dashboard", "--out", str(tmp_path / "x.html"))
    assert said.ended == (0, None)
    data: Any = json.loads((tmp_path / "x.html").read_text().split('id="data">')[1].split("</script>")[0])
    assert data["run"] == lake.records()[-1].run
