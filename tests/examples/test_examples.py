"""The examples as a user runs them: pytest processes of their own, and notebooks on the lakehouse that they leave."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from lakehouse_local.providers import postgres_binaries
from lakehouse_local.testing import small

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

EXAMPLES = Path(__file__).parents[2] / "examples"
PROJECT = EXAMPLES / "own_project"
# The story that loads everything again goes first: the others' columns are new to the lake, too.
STORIES = ("own_table", "own_mart", "own_rule", "own_transform")
# What each says once it ran: figures, which are not in its code.
NOTEBOOKS = {
    "transforms.py": r"16 products",
    "explore_silver.py": r"[\d,]+ rows fail",
    "cohorts.py": r"[\d,]+ of [\d,]+ buyers came back",
    "time_travel.py": r"[\d,]+ orders\S+ are new",
}
PATIENCE_SECONDS = 500
VARIABLES = {
    "LAKEHOUSE_POSTGRES": "installed" if any(postgres_binaries.installed()) else "embedded",
    "LAKEHOUSE_S3": "localstack",
    "LAKEHOUSE_SPARK_MASTER": "local[2]",
    "LAKEHOUSE_DRIVER_MEMORY": "1g",
}


@dataclass(frozen=True)
class Ran:
    """How a pytest process ended, and the lakehouse that it left running."""

    done: subprocess.CompletedProcess[str]
    home: Path


def run(*command: str | Path, cwd: Path = EXAMPLES.parent, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module as a user would."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        env=_variables(variables),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def _variables(more: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LAKEHOUSE_", "PYTEST_"))}
    return inherited | VARIABLES | dict(more)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """The project's tests, on a lakehouse that is left running until this module's end."""
    home = tmp_path_factory.mktemp("examples") / "home"
    try:
        done = run("pytest", "--lakehouse-home", home, cwd=PROJECT)
        if "(provider-unavailable)" in done.stdout:
            pytest.skip(done.stdout)
        yield Ran(done, home)
    finally:
        with pytest.MonkeyPatch.context() as environment:
            for name, value in VARIABLES.items():
                environment.setenv(name, value)
            small.discard(small.settings_in(home))


@pytest.fixture(scope="module")
def stories(project: Ran) -> Ran:
    """All stories in one process, on the lakehouse that the project has filled."""
    done = run("pytest", "-v", *STORIES, "--lakehouse-home", project.home, cwd=EXAMPLES)
    return Ran(done, project.home)


def test_own_project(project: Ran) -> None:
    """A project of its own, without a conftest, tests its code with the plugin's fixtures."""
    assert not any(PROJECT.rglob("conftest.py"))
    assert project.done.returncode == 0, project.done.stdout + project.done.stderr
    assert "4 passed" in project.done.stdout


def test_every_story_is_run() -> None:
    """A folder that is added to the examples is added here."""
    assert {*STORIES, PROJECT.name} == {story.name for story in EXAMPLES.glob("own_*")}


@pytest.mark.parametrize("story", STORIES)
def test_story(stories: Ran, story: str) -> None:
    """Every test of the story passed, and its README says how to run it."""
    lines = [line for line in stories.done.stdout.splitlines() if line.startswith(f"{story}/")]
    assert lines, stories.done.stdout + stories.done.stderr
    assert [line for line in lines if "PASSED" not in line] == [], stories.done.stdout
    assert f"-m pytest examples/{story}`" in (EXAMPLES / story / "README.md").read_text()


def test_a_run_without_the_extensions(stories: Ran) -> None:
    """A run that would leave the stories' tables and columns behind is refused by name."""
    done = run("lakehouse_local.cli", "run", LAKEHOUSE_HOME=str(stories.home), COLUMNS="1000")
    assert done.returncode == 1
    assert "error (blueprint-changed) this run's blueprint lacks what the lake has" in done.stderr
    assert "silver.order.overcharge decimal(18,2); the table silver.review" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("name", "said"), NOTEBOOKS.items())
def test_marimo_notebook(stories: Ran, tmp_path: Path, name: str, said: str) -> None:
    """A marimo notebook becomes a page, every cell of it run: its checks hold on the lake that the stories left."""
    done = _page(name, tmp_path, stories.home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(said, (tmp_path / "page.html").read_text())


def test_every_notebook_is_run() -> None:
    """A notebook that is added to the folder is added here."""
    assert {*NOTEBOOKS} == {file.name for file in (EXAMPLES / "notebooks").glob("*.py")}


def test_jupyter_notebook(stories: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell of the notebook runs, and the last one shows the figure that SQL and Spark agree on."""
    notebook = _executed(monkeypatch, stories.home)
    assert notebook.cells[-1].outputs[-1]["data"]["text/plain"].startswith("Decimal('")


def test_no_lakehouse(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where no lakehouse runs, both notebooks say so, and what to do."""
    with pytest.raises(CellExecutionError) as failed:
        _executed(monkeypatch, tmp_path / "nowhere")
    assert failed.value.ename == "NotRunning"
    assert "lakehouse up && lakehouse seed --scale small && lakehouse run" in failed.value.evalue
    done = _page("transforms.py", tmp_path, tmp_path / "nowhere")
    assert done.returncode == 1
    assert f"no lakehouse is running in {tmp_path / 'nowhere'}\n  try: in a terminal: lakehouse up" in done.stderr


def _page(name: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Make a marimo notebook a page, from a copy: marimo keeps a session's outputs beside the file."""
    notebook = shutil.copy(EXAMPLES / "notebooks" / name, folder)
    return run("marimo", "-y", "export", "html", notebook, "-o", folder / "page.html", LAKEHOUSE_HOME=str(home))


def _executed(monkeypatch: pytest.MonkeyPatch, home: Path) -> nbformat.NotebookNode:
    for name, value in (VARIABLES | {"LAKEHOUSE_HOME": str(home)}).items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(EXAMPLES / "notebooks" / "lake.ipynb", as_version=4)
    executed: nbformat.NotebookNode = NotebookClient(notebook, timeout=PATIENCE_SECONDS).execute()
    return executed
