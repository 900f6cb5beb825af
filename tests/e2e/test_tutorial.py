"""The tutorial and the demo's script do what they say: their blocks in their order, in a folder and a home of their own."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from played import DOCS, play, reader

pytestmark = pytest.mark.slow


def test_the_tutorial_runs(tmp_path: Path) -> None:
    """All commands in one shell, so that what one exports the next have; the results that the text promises."""
    page = (DOCS / "tutorial.md").read_text()
    with reader(tmp_path) as variables:
        done = play(page, variables, tmp_path).done
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.count("equal: ") == 3
    (promised,) = re.findall(r"equal: [0-9,]+ rows in [0-9]+ tables", page)
    assert promised in done.stdout
    assert "DIFFERENT" not in done.stdout
    assert "there is no table" in done.stderr.replace("\n", " ")
    assert "revenue" in done.stdout
    assert (tmp_path / "dashboard.html").stat().st_size > 100_000


def test_the_demo_runs(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Every part of the demo's script, a killed run among them, and how long each took beside what is planned for it."""
    page = (DOCS / "demo-script.md").read_text()
    with reader(tmp_path) as variables:
        played = play(page, variables, tmp_path)
    assert played.done.returncode == 0, played.done.stderr + played.done.stdout
    assert played.done.stdout.count("equal: ") == 3
    assert "DIFFERENT" not in played.done.stdout
    assert "Traceback" not in played.done.stderr + played.done.stdout
    assert (tmp_path / "dashboard.html").stat().st_size > 100_000
    planned = {title: int(found[1]) for title in played.seconds if (found := re.search(r"\((\d+) minutes?\)", title))}
    assert planned.keys() == played.seconds.keys()
    assert sum(planned.values()) == 10
    for title, minutes in planned.items():
        record_property("part", f"{title.partition(' (')[0]}: planned {minutes * 60} s, took {played.seconds[title]} s")
