"""The generated pages are what the code says."""

import inspect
import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from lakehouse_core.errors import LakehouseError
from lakehouse_local import reference
from source_app.errors import SourceError

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "reference"
FOLDERS = (ROOT, ROOT / "adapters" / "local", ROOT / "adapters" / "aws")
PACKAGES = ("lakehouse_core", "lakehouse_local", "lakehouse_aws", "source_app")


@pytest.mark.parametrize("name", reference.PAGES)
def test_a_page_is_not_stale(name: str) -> None:
    """A new error or measure needs the page written anew."""
    page = PAGES / f"{name}.md"
    assert page.read_text() == reference.PAGES[name](), f"python -m lakehouse_local.reference {name} > {page}"


def subclasses(base: type) -> Iterator[type]:
    """All that derive from it."""
    for each in base.__subclasses__():
        yield each
        yield from subclasses(each)


def test_every_error_has_a_code_of_its_own_and_is_listed() -> None:
    """Scripts tell errors apart by the code: no two share one, and none is missing from the page."""
    for folder in FOLDERS:
        for package in PACKAGES:
            for path in (folder / package).rglob("*.py"):
                if re.search(r'^    code = "', path.read_text(), re.MULTILINE):
                    import_module(".".join(path.relative_to(folder).with_suffix("").parts))
    found = {
        each
        for base in (LakehouseError, SourceError)
        for each in subclasses(base)
        if each.__module__.startswith(PACKAGES) and "code" in vars(each)
    }
    codes = Counter(vars(each)["code"] for each in found)
    assert [code for code, count in codes.items() if count > 1] == []
    page = reference.PAGES["errors"]()
    assert [each for each in found if f"| `{vars(each)['code']}` |" not in page] == []
    assert all(inspect.getdoc(each) for each in found)
