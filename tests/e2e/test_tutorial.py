"""The tutorial does what it says: its blocks in their order, in a folder and a home of their own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TUTORIAL = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text()
BLOCKS = re.findall(r'^```(bash|python)(?: title="(.+?)")?\n(.*?)^```$', TUTORIAL, re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.slow


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a reader who has activated the clone's environment."""
    variables = os.environ | {
        "LAKEHOUSE_HOME": str(tmp_path / "home"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "COLUMNS": "200",
    }
    yield variables
    subprocess.run(
        [str(Path(sys.executable).with_name("lakehouse")), "down"],
        env=variables,
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )


def test_the_tutorial_runs(shell: dict[str, str], tmp_path: Path) -> None:
    """All commands in one shell, so that what one exports the next have; the results that the text promises."""
    script = []
    for kind, title, text in BLOCKS:
        if kind == "python":
            (tmp_path / title).write_text(text)
        else:
            script.append(text)
    done = subprocess.run(
        ["/bin/bash", "-eu", "-o", "pipefail", "-c", "".join(script)],
        env=shell,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.count("equal: ") == 3
    (promised,) = re.findall(r"equal: [0-9,]+ rows in [0-9]+ tables", TUTORIAL)
    assert promised in done.stdout
    assert "DIFFERENT" not in done.stdout
    assert "there is no table" in done.stderr.replace("\n", " ")
    assert "revenue" in done.stdout
    assert (tmp_path / "dashboard.html").stat().st_size > 100_000
