"""What the pages name exists: commands with their options, codes of errors, settings."""

import html
import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from lakehouse_local.cli import app
from lakehouse_local.reference.errors import every_error

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = {page.relative_to(DOCS).as_posix(): page.read_text() for page in DOCS.rglob("*.md")}
SLIDES = re.sub(r"</?(?:pre|code)>", "`", html.unescape((DOCS / "presentation.html").read_text()))
WRITTEN = {
    **{name: text for name, text in PAGES.items() if not name.startswith(("adr/", "reference/", "test-report"))},
    "presentation.html": SLIDES,
}
COMMANDS = sorted(
    {
        found.strip()
        for text in WRITTEN.values()
        for found in re.findall(r"(?:`|^)(lakehouse [a-z][^`\n&|#]*)", text, re.MULTILINE)
    }
)
OURS_ALONE = {"LAKEHOUSE_BOOKMARKS", "LAKEHOUSE_JOB_RUN", "LAKEHOUSE_CDS_TRAINING"}
"""What one of our processes tells another."""


@pytest.mark.parametrize("text", COMMANDS)
def test_a_command_exists(text: str) -> None:
    """Each word that is a verb is one, and each option is that verb's."""
    found: Any = typer.main.get_command(app)
    for word in text.split()[1:]:
        if hasattr(found, "commands"):
            assert word in found.commands, text
            found = found.commands[word]
        elif word.startswith("--"):
            assert word in {option for each in found.params for option in each.opts}, text


def test_the_slides_lead_somewhere() -> None:
    """Each link of the slides is a page of the site, and nothing in them runs or is fetched."""
    links = re.findall(r'href="([^"]+)"', SLIDES)
    assert links
    for link in links:
        assert (DOCS / link).with_suffix(".md").is_file(), link
    assert not re.search(r"<script|<link|src=|url\(http|@import", SLIDES)


def test_the_codes_exist() -> None:
    """What is said to be seen can be seen: the first column of the page of troubles, and what the runbooks name."""
    known = {error.code for error in every_error()}
    named = set(
        re.findall(
            r"`([a-z0-9]+(?:-[a-z0-9]+)+)`",
            "".join(re.findall(r"^\| (`.*?) \|", PAGES["troubleshooting.md"], re.MULTILINE)),
        )
    )
    assert len(named) > 10
    assert named - known == set()
    for code in ("bronze-missing", "lake-incomplete", "state-too-new", "record-too-new", "blueprint-changed"):
        assert f"`{code}`" in PAGES["runbooks.md"]
        assert code in known


def test_every_setting_is_told() -> None:
    """A variable that the code reads is on the page of settings, and none is that the code does not read."""
    code = "".join(
        path.read_text()
        for folder in ("lakehouse_core", "adapters", "source_app")
        for path in (ROOT / folder).rglob("*.py")
    )
    told = set(re.findall(r"`(LAKEHOUSE_[A-Z0-9_]+)`", PAGES["reference/settings.md"]))
    assert told == set(re.findall(r"LAKEHOUSE_[A-Z0-9_]*[A-Z0-9]", code)) - OURS_ALONE
