"""A page of commands, played in one shell as a reader would."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r'^```(bash|python)(?: title="(.+?)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_PART = re.compile(r"^## (.+)$", re.MULTILINE)
_MARK = "::part "


@dataclass(frozen=True)
class Played:
    """How it ended, and the whole seconds that each part of the page took, by its title."""

    done: subprocess.CompletedProcess[str]
    seconds: dict[str, int]


@contextmanager
def reader(folder: Path) -> Iterator[dict[str, str]]:
    """The variables of a reader who has activated the clone's environment; a lakehouse left running is stopped."""
    variables = os.environ | {
        "LAKEHOUSE_HOME": str(folder / "home"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "COLUMNS": "200",
    }
    try:
        yield variables
    finally:
        command = [str(Path(sys.executable).with_name("lakehouse")), "down"]
        subprocess.run(command, env=variables, cwd=folder, capture_output=True, check=False)


def play(page: str, variables: dict[str, str], folder: Path) -> Played:
    """Write the page's Python blocks to the files that they name, and run its bash blocks in one shell."""
    script: list[str] = []
    _, *parts = _PART.split(page)  # before the first part, then titles and texts in turn
    for part in parts[1::2]:
        script.append(f"echo '{_MARK}'$SECONDS\n")
        for kind, name, text in _BLOCK.findall(part):
            if kind == "python":
                (folder / name).write_text(text)
            else:
                script.append(text)
    script.append(f"echo '{_MARK}'$SECONDS\n")
    done = subprocess.run(
        ["/bin/bash", "-eu", "-o", "pipefail", "-c", "".join(script)],
        env=variables,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    marks = [int(line.removeprefix(_MARK)) for line in done.stdout.splitlines() if line.startswith(_MARK)]
    # Fewer marks than parts where the shell ended early.
    took = zip(parts[::2], pairwise(marks), strict=False)
    return Played(done, {title: end - begin for title, (begin, end) in took})
