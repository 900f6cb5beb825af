"""The month's bill before there is one: what the plan runs, what a measured run used, what AWS asks for it.

Each line has a low, an expected and a high figure, and says what it rests on: the plan, a measurement, or an assumption.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from lakehouse_local.ship.errors import NothingMeasured
from lakehouse_local.ship.measured import Measured, role
from lakehouse_local.ship.plan import Plan
from lakehouse_local.ship.prices import (
    CRAWL_DPU,
    CRAWL_FLOOR,
    DMS_STORAGE_INCLUDED,
    GB,
    HOURS,
    JOB_FLOOR,
    QUERY_FLOOR,
    PriceList,
)

DPU_OF_WORKER = {"G.025X": 0.25, "G.1X": 1, "G.2X": 2, "G.4X": 4, "G.8X": 8}
POC_SCHEDULED_HOURS = 40 / 168
"""Which part of a week a lake is tested in that is stopped outside working hours."""

_NO_OTHER_STORAGE = 100


@dataclass(frozen=True)
class Assumptions:
    """What neither plan nor measurement says; the report prints them."""

    queries_per_month: int = 1000
    log_mb_per_run: float = 1.0
    months_kept: float = 6.0


@dataclass(frozen=True)
class Amount:
    """Low, expected and high, in a price's unit or in US dollars."""

    low: float
    expected: float
    high: float

    def times(self, factor: float) -> "Amount":
        """Each times that."""
        return Amount(self.low * factor, self.expected * factor, self.high * factor)

    def plus(self, other: "Amount") -> "Amount":
        """Each and the other's."""
        return Amount(self.low + other.low, self.expected + other.expected, self.high + other.high)


NOTHING = Amount(0, 0, 0)


def exactly(value: float) -> Amount:
    """An amount that is known."""
    return Amount(value, value, value)


@dataclass(frozen=True)
class Line:
    """One line of the bill; ``poc`` is what the POC document expects of it, in US dollars."""

    part: str
    what: str
    quantity: Amount
    unit: str
    usd: Amount
    basis: str
    poc: str = ""


@dataclass(frozen=True)
class Saving:
    """What one of the POC document's tips would save of the expected bill, in US dollars a month."""

    tip: str
    usd: float
    why: str


@dataclass(frozen=True)
class Bill:
    """A month's bill."""

    prices_as_of: str
    region: str
    assumptions: Assumptions
    lines: tuple[Line, ...]
    savings: tuple[Saving, ...]
    poc_total: str = "120-135"

    @property
    def total(self) -> Amount:
        """The sum of the lines, in US dollars."""
        total = NOTHING
        for line in self.lines:
            total = total.plus(line.usd)
        return total


def predict(plan: Plan, measured: Measured, prices: PriceList, assumed: Assumptions) -> Bill:
    """The bill of a month of the planned lake whose runs are as the measured ones.

    Raises:
        NothingMeasured: no job of the plan has ever succeeded where the measurement was taken.
        PriceUnknown: the list lacks a price.
    """
    jobs = [each.values for each in plan.of("aws_glue_job")]
    if jobs and not any(measured.job(role(job["name"])) for job in jobs):
        raise NothingMeasured(
            "no run of the plan's jobs has succeeded yet, so there is nothing to predict from",
            hint="run the workflow once against the local endpoint: examples/poc_walkthrough/walkthrough.sh",
        )
    starts = plan.starts_per_month()
    lines = (
        *_dms(plan, prices),
        *_glue(plan, measured, prices, starts),
        *_s3(measured, prices, starts, assumed),
        *_athena(measured, prices, assumed),
        *_fixed(plan, prices),
        *_logs(plan, prices, starts, assumed),
        *_network(plan, prices),
    )
    return Bill(prices.as_of, prices.region, assumed, lines, tuple(_savings(lines, measured)))


def job_hours(seconds: tuple[float, float, float], times: float) -> Amount:
    """The hours that a month's runs of a job are billed: so many of least, mean and most seconds, each with its floor."""
    return Amount(*(max(JOB_FLOOR, each) for each in seconds)).times(times / 3600)


def crawl_hours(measured: Measured, name: str, times: float) -> float:
    """The hours that a month's crawls of a crawler are billed, each with its floor."""
    return max(CRAWL_FLOOR, measured.crawl_seconds.get(role(name), 0)) * times / 3600


def _dms(plan: Plan, prices: PriceList) -> Iterator[Line]:
    for each in plan.of("aws_dms_replication_instance"):
        kind = each.values["replication_instance_class"]
        zones = 2 if each.values.get("multi_az") else 1
        hours = exactly(float(HOURS * zones))
        yield Line("DMS", f"instance {kind}", hours, "hour", hours.times(prices[kind].usd), "plan: on all month", "100")
        family = kind.rpartition(".")[0]
        included = DMS_STORAGE_INCLUDED.get(family, _NO_OTHER_STORAGE)
        extra = exactly(max(0.0, float(each.values.get("allocated_storage") or 0) - included))
        basis = f"plan: beyond the {included} GB that the instance's price holds"
        yield Line("DMS", "storage", extra, "GB-month", extra.times(prices["dms.storage"].usd), basis)
        if each.values.get("publicly_accessible"):
            yield Line("DMS", "public address", hours, "hour", hours.times(prices["ipv4"].usd), "plan: public")


def _glue(plan: Plan, measured: Measured, prices: PriceList, starts: dict[str, float]) -> Iterator[Line]:
    dpu_hours = NOTHING
    for job in (each.values for each in plan.of("aws_glue_job")):
        dpu = DPU_OF_WORKER[job.get("worker_type") or "G.1X"] * (job.get("number_of_workers") or 2)
        # A job that never ran here is taken for the dearest that did.
        seconds = measured.job(role(job["name"])) or max(filter(None, map(measured.job, measured.job_seconds)))
        dpu_hours = dpu_hours.plus(job_hours(seconds, starts.get(job["name"], 0.0)).times(dpu))
    basis = (
        f"measured: least, mean and most seconds of each job, {JOB_FLOOR} s a run at least; plan: how often, workers"
    )
    yield Line("Glue", "jobs", dpu_hours, "DPU-hour", dpu_hours.times(prices["glue.dpu"].usd), basis, "5-10")
    crawls = NOTHING
    for crawler in (each.values for each in plan.of("aws_glue_crawler")):
        hours = crawl_hours(measured, crawler["name"], starts.get(crawler["name"], 0.0))
        crawls = crawls.plus(exactly(hours * CRAWL_DPU))
    basis = f"measured seconds, {CRAWL_FLOOR} s a crawl at least; assumed: {CRAWL_DPU} DPU; plan: how often"
    yield Line("Glue", "crawlers", crawls, "DPU-hour", crawls.times(prices["glue.dpu"].usd), basis, "10-15")


def _s3(measured: Measured, prices: PriceList, starts: dict[str, float], assumed: Assumptions) -> Iterator[Line]:
    stored = sum(each.bytes for each in measured.stored.values()) / GB
    kept = Amount(stored, stored * assumed.months_kept, stored * assumed.months_kept * 2)
    basis = (
        f"measured: the lake once; assumed: {assumed.months_kept:g} times that with old versions and growth, high twice"
    )
    yield Line("S3", "storage", kept, "GB-month", kept.times(prices["s3.storage"].usd), basis, "1-2")
    # A run writes at most what a whole lake holds, and reads it a few times: footers, columns, listings.
    objects = sum(each.objects for each in measured.stored.values())
    runs = max(starts.values(), default=0.0)
    puts = Amount(runs * objects * 0.05, runs * objects * 0.2, runs * objects)
    basis = (
        "measured: the lake's objects; assumed: a run writes 5, 20 or 100 % as many, and reads ten times what it writes"
    )
    yield Line("S3", "PUT, LIST", puts, "request", puts.times(prices["s3.put"].usd), basis)
    gets = puts.times(10)
    yield Line("S3", "GET", gets, "request", gets.times(prices["s3.get"].usd), basis)


def _athena(measured: Measured, prices: PriceList, assumed: Assumptions) -> Iterator[Line]:
    billed = [max(QUERY_FLOOR, each) for each in measured.query_bytes] or [QUERY_FLOOR]
    each = Amount(min(billed), fmean(billed), max(billed))
    terabytes = each.times(assumed.queries_per_month / 10**12)
    basis = f"measured: bytes of {len(measured.query_bytes)} queries, 10 MB each at least; assumed: {assumed.queries_per_month:,} queries"
    yield Line("Athena", "bytes read", terabytes, "TB", terabytes.times(prices["athena.scan"].usd), basis, "5 per TB")


def _fixed(plan: Plan, prices: PriceList) -> Iterator[Line]:
    for part, kind, price in (
        ("Secrets Manager", "aws_secretsmanager_secret", "secret"),
        ("KMS", "aws_kms_key", "kms.key"),
        ("CloudWatch", "aws_cloudwatch_metric_alarm", "cloudwatch.alarm"),
    ):
        count = exactly(float(len(plan.of(kind))))
        if count.expected:
            unit = prices[price].unit
            yield Line(part, unit.partition("-")[0] + "s", count, unit, count.times(prices[price].usd), "plan")


def _logs(plan: Plan, prices: PriceList, starts: dict[str, float], assumed: Assumptions) -> Iterator[Line]:
    names = {each.values["name"] for each in plan.of("aws_glue_job")}
    runs = sum(rate for name, rate in starts.items() if name in names)
    megabytes = Amount(assumed.log_mb_per_run / 2, assumed.log_mb_per_run, assumed.log_mb_per_run * 10)
    gigabytes = megabytes.times(runs / 1000)
    basis = f"plan: {runs:,.0f} runs; assumed: {assumed.log_mb_per_run:g} MB a run, low half, high tenfold"
    yield Line("CloudWatch", "logs", gigabytes, "GB", gigabytes.times(prices["logs.ingest"].usd), basis)


def _network(plan: Plan, prices: PriceList) -> Iterator[Line]:
    zones = sum(
        max(1, len(each.values.get("subnet_ids") or ()))
        for each in plan.of("aws_vpc_endpoint")
        if each.values.get("vpc_endpoint_type") == "Interface"
    )
    if zones:
        hours = exactly(float(HOURS * zones))
        basis = "plan: interface endpoints by zone (S3's gateway endpoint is free)"
        yield Line("Network", "endpoints", hours, "hour in one zone", hours.times(prices["vpc.endpoint"].usd), basis)
    if gateways := len(plan.of("aws_nat_gateway")):
        hours = exactly(float(HOURS * gateways))
        yield Line("Network", "NAT gateways", hours, "hour", hours.times(prices["nat.gateway"].usd), "plan")
    yield Line(
        "Network", "transfer", NOTHING, "GB", NOTHING, "into AWS and within a region by S3's gateway: free", "minimal"
    )


def _savings(lines: tuple[Line, ...], measured: Measured) -> Iterator[Saving]:
    """What the POC document's five tips would save, each of the expected bill."""
    expected = {(line.part, line.what): line.usd.expected for line in lines}
    dms = sum(usd for (part, what), usd in expected.items() if part == "DMS" and what != "storage")
    idle = dms * (1 - POC_SCHEDULED_HOURS)
    yield Saving(
        "Stop the DMS instance when not testing", idle, "AWS has no stop: delete and create it; 40 of 168 hours on"
    )
    # The first run of a job takes everything in, those after it what is new.
    runs = [each for each in measured.job_seconds.values() if len(each) > 1]
    ratio = fmean(max(JOB_FLOOR, *r) / max(JOB_FLOOR, min(r)) for r in runs) if runs else 1.0
    jobs = expected[("Glue", "jobs")] * (ratio - 1)
    yield Saving("Job bookmarks: only new data", 0, f"the run record does so already; without it {jobs:.2f} USD more")
    scan = expected[("Athena", "bytes read")]
    floor = QUERY_FLOOR * len(measured.query_bytes)
    above = sum(max(0, each - QUERY_FLOOR) for each in measured.query_bytes)
    partitioned = scan * above / (floor + above) if measured.query_bytes else 0.0
    yield Saving(
        "Partition silver and gold", partitioned, "at most: what queries read above the 10 MB that each is billed"
    )
    cached = scan * measured.repeated_queries
    yield Saving(
        "Reuse Athena's results", cached, f"{measured.repeated_queries:.0%} of the measured queries repeat another"
    )
    yield Saving("Compress: Snappy, Parquet", 0, "done: bronze is gzip, silver and gold are Parquet with zstd")
