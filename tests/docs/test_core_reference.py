"""The core's reference says what there is, and its examples run."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

import lakehouse_core

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "core.md"
SECTION = re.compile(r"^## `lakehouse_core\.(\w+)`$", re.MULTILINE)
MODULES = sorted(module.name for module in pkgutil.walk_packages(lakehouse_core.__path__, "lakehouse_core."))


def sections() -> dict[str, str]:
    """The page's text by module."""
    parts = SECTION.split(PAGE.read_text())[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_public_module_has_a_section() -> None:
    """The page's sections are the package's public modules."""
    assert sorted(sections()) == sorted(lakehouse_core.__all__)


@pytest.mark.parametrize("module", lakehouse_core.__all__)
def test_every_public_name_is_listed(module: str) -> None:
    """A section lists exactly the names of the module's ``__all__``, and its examples use each of them."""
    text = sections()[module]
    heads = [line.partition(":")[0] for line in text.splitlines() if line.startswith("- ")]
    listed = [name for head in heads for name in re.findall(r"`(\w+)`", head)]
    assert sorted(listed) == sorted(importlib.import_module(f"lakehouse_core.{module}").__all__)
    examples = "".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    assert [name for name in listed if not re.search(rf"\b{name}\b", examples)] == []


def test_the_examples_run(spark: SparkSession) -> None:
    """Every example of the page answers what it says, from top to bottom in one session."""
    text = re.sub(r"^```.*$", "", PAGE.read_text(), flags=re.MULTILINE)
    examples = doctest.DocTestParser().get_doctest(text, {"spark": spark}, PAGE.name, str(PAGE), 0)
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(examples, out=said.append)
    assert result.failed == 0, "".join(said)
    assert result.attempted > 50


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_run(name: str) -> None:
    """The examples in the core's docstrings answer what they say."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0
