"""`lakehouse run` through an S3 that kills it, its JVM with it, at the request that matters, or that fails by itself."""

import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
from aiohttp import web
from business import Business, assert_proven
from chaos.s3_proxy import FAULTS, Fault, Forward, Proxy, Rule, cut, proxied
from chaos.share import SHARE, share_of
from lakehouse_home import FEW_MARTS, Lakehouse, lakehouse, until

from lakehouse_local.providers import servers
from lakehouse_local.testing import small

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SILVER, GOLD, CONTROL = ("PUT /[^/]*-silver-[^/]*/[a-z_]+", "PUT /[^/]*-gold-[^/]*/[a-z_]+", "PUT /[^/]*/_lakehouse")
TRANSACTIONS = 12
"""Enough for changes in each of the five tables that the business changes."""


@dataclass(frozen=True)
class Point:
    """A request, and whether it still reaches S3; ``passings`` says which of a run's requests of that kind."""

    call: str
    stored: bool
    passings: tuple[int, ...] = (1,)


HUDI = {
    "lease taken": Point(f"{CONTROL}/leases/", stored=True),
    "intent written": Point(f"{CONTROL}/intents/", stored=True),
    "before a bronze file is read": Point("GET /[^/]*-bronze-.*/cdc/", stored=False),
    "change log written": Point(f"{SILVER}/run%3D[0-9]+/part-", stored=True, passings=(1, 3, 5)),
    "merge requested": Point(rf"{SILVER}/\.hoodie/[0-9]+\.commit\.requested", stored=True, passings=(1, 3, 5)),
    "merge inflight": Point(rf"{SILVER}/\.hoodie/[0-9]+\.inflight", stored=True, passings=(1, 3, 5)),
    "merged, not committed": Point(rf"{SILVER}/\.hoodie/[0-9]+\.commit$", stored=False, passings=(1, 3, 5)),
    "committed": Point(rf"{SILVER}/\.hoodie/[0-9]+\.commit$", stored=True, passings=(1, 3, 5)),
    "mart not committed": Point(rf"{GOLD}/\.hoodie/[0-9]+\.replacecommit$", stored=False, passings=(1, 2, 3)),
    "mart committed": Point(rf"{GOLD}/\.hoodie/[0-9]+\.replacecommit$", stored=True, passings=(1, 2, 3)),
    "before the run's record": Point(f"{CONTROL}/runs/", stored=False),
    "run's record written": Point(f"{CONTROL}/runs/", stored=True),
}
DELTA = {
    "merged, not committed": Point(rf"{SILVER}/_delta_log/[0-9]+\.json", stored=False, passings=(1, 3, 5)),
    "committed": Point(rf"{SILVER}/_delta_log/[0-9]+\.json", stored=True, passings=(1, 3, 5)),
    "mart not committed": Point(rf"{GOLD}/_delta_log/[0-9]+\.json", stored=False),
}
POINTS = {"hudi": HUDI, "delta": DELTA}
CASES = [
    (table_format, name, passing)
    for table_format, points in POINTS.items()
    for name, point in points.items()
    for passing in (point.passings if SHARE >= 1 else point.passings[-1:])
]
if SHARE < 1:
    # One for each layer; `make chaos` runs them all.
    CASES = [case for case in CASES if case[:2] in (("hudi", "merged, not committed"), ("hudi", "mart not committed"))]


@dataclass(frozen=True)
class Place:
    """A lake behind a proxy."""

    lake: Lakehouse
    proxy: Proxy
    business: Business


Places = Callable[[str], Place]


@contextmanager
def _place(folder: Path, table_format: str) -> Iterator[Place]:
    """A lake of that format, loaded through a proxy before an S3 of its own."""
    with (
        pytest.MonkeyPatch.context() as patch,
        servers.running_s3(replace(small.settings_in(folder / "s3"), s3="moto")) as part,
        proxied(part) as proxy,
    ):
        patch.setenv("AWS_ACCESS_KEY_ID", part.access_key)
        patch.setenv("AWS_SECRET_ACCESS_KEY", part.secret_key)
        with lakehouse(folder / "home", s3=proxy.part.endpoint, extensions=FEW_MARTS) as lake:
            done = lake.command("run", "--format", table_format)
            assert done.ended == (0, None), done.err
            yield Place(lake, proxy, Business(seed=3))


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """The lake of a format; the one before it is gone when another is asked for."""
    with ExitStack() as stack:
        found: dict[str, Place] = {}

        def at(table_format: str) -> Place:
            if table_format not in found:
                found.clear()
                stack.close()
                folder = tmp_path_factory.mktemp(table_format)
                found[table_format] = stack.enter_context(_place(folder, table_format))
            return found[table_format]

        yield at


def _killing(process: subprocess.Popen[str], *, stored: bool) -> Fault:
    async def fault(request: web.Request, forward: Forward) -> web.StreamResponse:
        if stored:
            await forward()
        parent = psutil.Process(process.pid)
        for each in (parent, *parent.children(recursive=True)):
            each.kill()
        return cut(request)

    return fault


@pytest.mark.parametrize(("table_format", "name", "passing"), CASES)
def test_a_run_that_is_killed_at_a_request(places: Places, table_format: str, name: str, passing: int) -> None:
    """The request is made, the run is dead, and the next run ends in the proof."""
    place = places(table_format)
    lake, proxy, point = place.lake, place.proxy, POINTS[table_format][name]
    with lake.database() as database:
        for _ in range(TRANSACTIONS):
            place.business.transaction(database)
    process = lake.start("run")
    rule = Rule(point.call, passing, _killing(process, stored=point.stored))
    proxy.rule = rule
    _, said = process.communicate()
    proxy.rule = None
    assert rule.fired, f"the run ended without this request (seen: {rule.seen}):\n{said}"
    until(lambda: not psutil.pid_exists(process.pid))
    assert_proven(lake)


@pytest.mark.parametrize(("table_format", "seed"), [(name, n) for name in ("delta", "hudi") for n in share_of(20)])
def test_a_schedule_of_faults(places: Places, table_format: str, seed: int) -> None:
    """Any request of a run, and anything that can befall it: the run ends well or with a named error, then the proof."""
    dice = random.Random(seed)  # noqa: S311
    place = places(table_format)
    lake, proxy = place.lake, place.proxy
    with lake.database() as database:
        for _ in range(dice.randrange(1, 2 * TRANSACTIONS)):
            place.business.transaction(database)
    method, most = dice.choice((("GET", 400), ("HEAD", 800), ("PUT", 100), ("POST", 60)))
    name = dice.choice(sorted(FAULTS.keys() - {"silence", "silence after storing"}))
    proxy.rule = Rule(f"^{method} ", dice.randrange(1, most), FAULTS[name])
    done = lake.command("run")
    proxy.rule = None
    assert done.ended[0] == 0 or done.error, done.err
    assert_proven(lake)
