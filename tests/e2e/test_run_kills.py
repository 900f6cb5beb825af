"""kill -9 of `lakehouse replicate` and of `lakehouse run`, ten times each, at random moments while the source changes."""

import json
import random
import signal
import subprocess
import time
from collections.abc import Mapping

import pytest
from business import assert_proven, business, orphans
from lakehouse_home import FEW_MARTS, Lakehouse, until

EXTENSIONS = FEW_MARTS

KILLS = 10
CAPTURING, SPARK, SILVER, GOLD = "looking for changes", "starting Spark", "silver: ", "gold: "
# Where each of the ten runs is when it is killed; the moment within the stage is random.
STAGES = (SILVER, GOLD, CAPTURING, SILVER, GOLD, SPARK, SILVER, GOLD, SPARK, SILVER)

pytestmark = pytest.mark.timeout(1800)


def kill_after(process: subprocess.Popen[str], line: str, delay: float) -> bool:
    """SIGKILL the process `delay` seconds after it said the line; whether it was still alive to be killed."""
    assert process.stderr is not None
    heard = []
    for said in process.stderr:
        heard.append(said)
        if said.startswith(line):
            break
    else:
        assert process.wait() == 0, "".join(heard)
        return False
    time.sleep(delay)
    process.kill()
    process.stderr.close()
    return process.wait() == -signal.SIGKILL


def test_replicate_survives_ten_kills(lake: Lakehouse) -> None:
    """Killed during the load and during the changes of a busy source, capture goes on where its last manifest ends."""
    dice = random.Random(11)  # noqa: S311
    with business(lake, seed=1) as going:
        for number in range(KILLS):
            # The first ones meet the full load, which takes about a second.
            delay = dice.uniform(0, 0.6) if number < 4 else dice.uniform(0.2, 2)
            assert kill_after(lake.start("replicate"), "capturing", delay)
            going.goes_on()
    assert_proven(lake)


def durations(lake: Lakehouse) -> Mapping[str, float]:
    """How long each stage of a run takes here, in seconds, by the line with which it begins."""
    said = lake.command("run", "--json")
    assert said.ended == (0, None), said.err
    seconds = json.loads(said.out)["seconds"]
    return {
        CAPTURING: seconds["capture"] + 1,
        SPARK: seconds["Spark"],
        SILVER: seconds["silver"],
        # The record follows gold: a little beyond its end is the moment between the two.
        GOLD: seconds["gold"] + 0.2,
    }


@pytest.mark.long
def test_run_survives_ten_kills(lake: Lakehouse) -> None:
    """Killed while it captures, starts Spark, writes silver, gold or its record, the next run repeats what was begun."""
    dice = random.Random(13)  # noqa: S311
    lake.simulate(1)
    seconds = durations(lake)
    begun = 0
    with business(lake, seed=2):
        for stage in STAGES:
            runs = len(lake.records())
            while not kill_after(lake.start("run"), stage, dice.uniform(0, seconds[stage])):
                pass  # It was quicker than its killer, which is no kill.
            begun += any(True for _ in lake.storage.keys(lake.bucket("silver"), f"_lakehouse/intents/{runs + 1:012d}"))
    until(lambda: not orphans(lake))
    assert begun >= STAGES.count(SILVER), "hardly any kill met a run that had begun to write"
    assert_proven(lake)
