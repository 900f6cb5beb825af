"""Docstrings as Markdown."""

import re


def words(told: str | None) -> str:
    """A docstring's text in one line, its markup as Markdown's."""
    return re.sub(r":\w+:`(.+?)`", r"`\1`", " ".join((told or "").split())).replace("``", "`").replace("|", "\\|")
