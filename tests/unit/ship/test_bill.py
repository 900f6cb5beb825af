"""The bill: floors, schedules, what it rests on, what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from lakehouse_local.ship import bill, infracost, plan, prices
from lakehouse_local.ship.errors import NothingMeasured, PlanInvalid, PricesInvalid, PriceUnknown
from lakehouse_local.ship.measured import Measured, Stored, role

GB = 10**9


def planned(*resources: tuple[str, dict[str, Any]]) -> plan.Plan:
    """A plan of those types and values."""
    return plan.Plan(
        tuple(plan.Resource(f"{kind}.this[{n}]", kind, values) for n, (kind, values) in enumerate(resources))
    )


JOB = ("aws_glue_job", {"name": "shop-prod-silver-order", "worker_type": "G.1X", "number_of_workers": 2})
CRAWLER = ("aws_glue_crawler", {"name": "shop-prod-bronze-crawler", "schedule": None})
HOURLY = (
    "aws_glue_trigger",
    {
        "type": "SCHEDULED",
        "schedule": "cron(0 * * * ? *)",
        "workflow_name": "hourly",
        "actions": [{"crawler_name": "shop-prod-bronze-crawler", "job_name": None}],
    },
)
THEN = (
    "aws_glue_trigger",
    {"type": "CONDITIONAL", "workflow_name": "hourly", "actions": [{"job_name": "shop-prod-silver-order"}]},
)


def measured(*, job: tuple[int, ...] = (40, 50), queries: tuple[int, ...] = (5_000, 30_000_000)) -> Measured:
    """A small lake that ran."""
    stored = {layer: Stored(GB, 100) for layer in ("bronze", "silver", "gold")}
    return Measured(stored, {"silver-order": job} if job else {}, {"bronze-crawler": 20.0}, queries, 0.25)


def lines(found: bill.Bill) -> dict[tuple[str, str], bill.Line]:
    """By part and what."""
    return {(line.part, line.what): line for line in found.lines}


def figures(amount: bill.Amount) -> tuple[float, float, float]:
    """Low, expected, high."""
    return amount.low, amount.expected, amount.high


def test_floors_are_billed() -> None:
    """A run of 40 s costs a minute, a crawl of 20 s ten, a query of 5 kB ten megabytes; 730 times a month."""
    found = lines(bill.predict(planned(JOB, CRAWLER, HOURLY, THEN), measured(), prices.read(), bill.Assumptions()))
    assert found["Glue", "jobs"].quantity.expected == pytest.approx(730 * 2 * 60 / 3600, rel=1e-9)
    assert found["Glue", "crawlers"].usd.expected == pytest.approx(730 * 2 * (600 / 3600) * 0.44)
    assert figures(found["Athena", "bytes read"].quantity) == pytest.approx((0.01, 0.02, 0.03))


def test_what_conditional_triggers_start_follows_the_schedule() -> None:
    """Also with schedules of a crawler's own, and without any."""
    every_other = ("aws_glue_crawler", {"name": "alone", "schedule": "cron(0 0/2 * * ? *)"})
    starts = planned(JOB, CRAWLER, HOURLY, THEN, every_other).starts_per_month()
    assert {name: round(rate) for name, rate in starts.items()} == {
        "shop-prod-bronze-crawler": 730,
        "shop-prod-silver-order": 730,
        "alone": 365,
    }
    assert planned(JOB, THEN).starts_per_month() == {"shop-prod-silver-order": 0.0}
    off = (HOURLY[0], HOURLY[1] | {"enabled": False})
    assert planned(off).starts_per_month() == {}


def test_a_longer_run_costs_more() -> None:
    """Nothing about the bill is fixed: the mean, and the range around it, follow the runs."""
    whole = planned(JOB, HOURLY, THEN)
    short, long = (
        lines(bill.predict(whole, measured(job=job), prices.read(), bill.Assumptions()))["Glue", "jobs"].usd
        for job in ((90,), (90, 270))
    )
    assert figures(short) == pytest.approx((short.low, short.low, short.low))
    assert figures(long) == pytest.approx((short.low, short.low * 2, short.low * 3))


def test_dms_storage_begins_where_the_instances_ends() -> None:
    """50 GB come with a t3, 100 with the others."""
    instances = [
        ("aws_dms_replication_instance", {"replication_instance_class": kind, "allocated_storage": 120})
        for kind in ("dms.t3.medium", "dms.r5.large")
    ]
    found = bill.predict(planned(*instances), measured(), prices.read(), bill.Assumptions())
    assert [line.quantity.expected for line in found.lines if line.what == "storage" and line.part == "DMS"] == [70, 20]


def test_the_tips_are_reckoned() -> None:
    """Of the POC's five, each has a figure: bookmarks and compression are there already, reuse saves what repeats."""
    found = bill.predict(planned(JOB, HOURLY, THEN), measured(), prices.read(), bill.Assumptions())
    savings = {each.tip: each.usd for each in found.savings}
    athena = lines(found)["Athena", "bytes read"].usd.expected
    assert len(savings) == 5
    assert savings["Reuse Athena's results"] == pytest.approx(athena / 4)
    assert savings["Partition silver and gold"] == pytest.approx(athena * 20 / 40)


def test_nothing_is_made_up() -> None:
    """Without a run there is no prediction; without a price neither."""
    with pytest.raises(NothingMeasured, match="no run"):
        bill.predict(planned(JOB), measured(job=()), prices.read(), bill.Assumptions())
    odd = planned(("aws_dms_replication_instance", {"replication_instance_class": "dms.x9.huge"}))
    with pytest.raises(PriceUnknown, match=r"dms\.x9\.huge"):
        bill.predict(odd, measured(), prices.read(), bill.Assumptions())


def test_every_price_says_where_it_is_from() -> None:
    """A date, a region, and AWS's own page for each."""
    listed = prices.read()
    assert listed.region == "us-west-2"
    assert all(each.source.startswith("https://aws.amazon.com/") and each.usd > 0 for each in listed.prices.values())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"as_of": "x", "region": "y", "prices": {"a": {"usd": "dear"}}}'])
def test_what_is_no_price_list(tmp_path: Path, text: str) -> None:
    """Is refused by name."""
    (tmp_path / "prices.json").write_text(text)
    with pytest.raises(PricesInvalid):
        prices.read(tmp_path / "prices.json")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"planned_values": {"root_module": {}}}'])
def test_what_is_no_plan(tmp_path: Path, text: str) -> None:
    """Is refused with the command that makes one."""
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(PlanInvalid) as refused:
        plan.read(tmp_path / "plan.json")
    assert "terraform" in (refused.value.hint or "")


def test_modules_are_walked(tmp_path: Path) -> None:
    """Managed resources of every depth; data sources are none."""
    inner = {
        "resources": [{"address": "module.a.x.y", "mode": "managed", "type": "x", "values": {"bucket": "p-gold-1"}}]
    }
    data = {"address": "data.x.y", "mode": "data", "type": "x", "values": {}}
    (tmp_path / "plan.json").write_text(
        json.dumps(
            {"planned_values": {"root_module": {"resources": [data], "child_modules": [{"child_modules": [inner]}]}}}
        )
    )
    assert [each.address for each in plan.read(tmp_path / "plan.json").resources] == ["module.a.x.y"]


def test_infracost_gets_the_use() -> None:
    """Hours of jobs and crawlers with their floors, gigabytes of buckets."""
    whole = planned(JOB, CRAWLER, HOURLY, THEN, ("aws_s3_bucket", {"bucket": "shop-prod-silver-a1b2"}))
    found = json.loads(infracost.usage(whole, measured(), bill.Assumptions()))
    assert found["version"] == "0.1"
    assert found["resource_usage"] == {
        "aws_glue_job.this[0]": {"monthly_hours": round(730 / 60, 2)},
        "aws_glue_crawler.this[1]": {"monthly_hours": round(730 / 6, 2)},
        "aws_s3_bucket.this[4]": {"standard": {"storage_gb": 6.0}},
    }


def test_roles_are_the_same_in_every_deployment() -> None:
    """What a measurement of one environment says of another's plan."""
    assert {role(f"{prefix}-silver-order-item") for prefix in ("lakehouse-poc-dev", "shop-prod")} == {
        "silver-order-item"
    }
