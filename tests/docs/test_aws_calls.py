"""The page of AWS calls is what the code says."""

from pathlib import Path

from lakehouse_local.gateway import docs

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "aws-calls.md"


def test_the_page_is_not_stale() -> None:
    """Every call that is done, refused or not done yet is listed as such; a new one needs the page written anew."""
    assert PAGE.read_text() == docs.page(), f"python -m lakehouse_local.gateway.docs > {PAGE}"
