"""`lakehouse watch`: one process captures and runs while the source changes, ends when asked, and loses nothing."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from lakehouse_home import CLI, FEW_MARTS, Lakehouse, Said

from lakehouse_local.lake.watch import WAITING

EXTENSIONS = FEW_MARTS

Tick = dict[str, Any]


class Watching:
    """A `lakehouse watch` whose ticks are read as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def until(self, true: Callable[[Tick], bool]) -> Tick:
        """The first tick for which it is true."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            tick: Tick = json.loads(line)
            if true(tick):
                return tick
        raise AssertionError(self.process.communicate()[1])

    def end(self, how: signal.Signals) -> tuple[list[Tick], Said]:
        """Send a signal; the ticks that still come, and how the process ends."""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=120)
        return [json.loads(line) for line in out.splitlines()], Said(self.process.returncode, out, err)


@contextmanager
def watching(lake: Lakehouse) -> Iterator[Watching]:
    """A watch that looks for changes twice a second; no JVM of it stays behind a failed test."""
    process = subprocess.Popen(
        [*CLI, "watch", "--json", "--every", "0.5"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=lake._variables,
    )
    try:
        yield Watching(process)
    finally:
        process.kill()
        process.communicate()


def is_complete(tick: Tick) -> bool:
    """Whether silver has all that the source holds, and quality was asked about it."""
    checked = tick["quality"] is not None and tick["quality"]["run"] == tick["run"]
    return checked and tick["silver"]["bytes"] == 0 and tick["doing"] == WAITING


def assert_proven(lake: Lakehouse) -> None:
    """Everything that is committed is in the lake."""
    report = lake.verify()
    assert report.equal, report.details()


def test_changes_are_taken_in_until_it_is_asked_to_end(lake: Lakehouse) -> None:
    """From the full load on each change arrives by itself; Ctrl-C in the midst of a run lets that run finish."""
    with watching(lake) as watch:
        loaded = watch.until(is_complete)
        assert loaded["run"] == loaded["runs"] == 1
        assert loaded["bronze"] == loaded["silver"] == {"bytes": 0, "seconds": 0.0}
        assert loaded["gold"]["behind_seconds"] == 0
        assert loaded["quality"]["rules"] >= loaded["quality"]["failed_rules"] > 0

        lake.simulate(1)
        behind = watch.until(lambda tick: tick["run"] == 1 and tick["silver"]["bytes"] > 0)
        assert behind["silver"]["seconds"] > 0
        played = watch.until(lambda tick: tick["run"] > 1 and is_complete(tick))
        assert played["gold"]["as_of"] > loaded["gold"]["as_of"]
        assert played["rows"]["captured"] > loaded["rows"]["captured"]
        orders = played["rows"]["taken_in"]["silver.order"]
        assert orders["read"] == sum(count for name, count in orders.items() if name != "read")

        lake.change("update core_order set shipping_amount = shipping_amount + 1 where id <= 50")
        watch.until(lambda tick: tick["doing"].startswith("silver: order"))
        lake.change("update core_customer set first_name = 'late' where id = 5")
        last, said = watch.end(signal.SIGINT)
    assert said.ended == (0, None), said.err
    assert "changes captured" in said.err
    assert last[-1]["run"] == played["run"] + 1 == len(lake.records())
    assert_proven(lake)


@pytest.mark.slow
def test_it_ends_on_sigterm(lake: Lakehouse) -> None:
    """A service manager's signal ends it as well, also before its first run."""
    with watching(lake) as watch:
        first = watch.until(lambda _: True)
        _, said = watch.end(signal.SIGTERM)
    assert said.ended == (0, None), said.err
    # What was on its way when the signal came is finished.
    assert len(lake.records()) in (first["run"], first["run"] + 1)


@pytest.mark.slow
def test_nobody_reads_on(lake: Lakehouse) -> None:
    """A reader that goes away (`| head -1`) ends it without a complaint."""
    with watching(lake) as watch:
        watch.until(lambda _: True)
        assert watch.process.stdout is not None
        watch.process.stdout.close()
        assert watch.process.wait(timeout=120) == 0
        assert watch.process.stderr is not None
        assert "Traceback" not in watch.process.stderr.read()


@pytest.mark.parametrize("arguments", [("--every", "0"), ("--every", "soon")])
def test_a_wrong_interval(lake: Lakehouse, arguments: tuple[str, ...]) -> None:
    """An interval that is none is refused, with what is allowed."""
    said = lake.command("watch", *arguments)
    assert said.ended == (2, None)
    assert "--every" in said.err


@pytest.mark.slow
def test_a_source_that_dies(lake: Lakehouse) -> None:
    """PostgreSQL is killed: the watch says so by name, ends, and what it had is proven after a restart."""
    with watching(lake) as watch:
        watch.until(lambda tick: tick["bronze"]["bytes"] == 0)
        lake.kill("postgres")
        watch.until(lambda tick: tick["source_lsn"] is None)
        _, err = watch.process.communicate(timeout=120)
        assert Said(watch.process.returncode, "", err).ended == (1, "capture-source-gone")
    lake.down()
    lake.up()
    assert_proven(lake)
