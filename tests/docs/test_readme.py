"""The README keeps up with the code."""

from pathlib import Path

import pytest

from lakehouse_local.cli import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("command", [c.callback.__name__ for c in app.registered_commands if c.callback])
def test_every_command_is_in_the_readme(command: str) -> None:
    """A command that the README does not show is one that nobody finds."""
    assert f"lakehouse {command}" in README or f", {command}" in README


def test_every_decision_is_listed() -> None:
    """The list of decisions names every page."""
    pages = {page.name for page in (ROOT / "docs" / "adr").glob("0*.md")}
    listed = (ROOT / "docs" / "adr" / "README.md").read_text()
    assert {page for page in pages if f"({page})" not in listed} == set()
