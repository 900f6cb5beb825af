"""LAKEHOUSE_EXTENSIONS leads to a blueprint, or to an error that says what is wrong with it."""

from pathlib import Path

import pytest

from lakehouse_core.blueprint import STANDARD
from lakehouse_core.contracts import CONTRACTS
from lakehouse_core.errors import ExtensionInvalid
from lakehouse_local import extensions
from lakehouse_local.settings import from_environment, from_json, to_json

MODULE = """
from dataclasses import replace

def first(blueprint):
    return replace(blueprint, marts=blueprint.marts[1:])

def second(blueprint):
    return replace(blueprint, marts=blueprint.marts[1:])

def nothing(blueprint):
    pass
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a module of a user's."""
    (tmp_path / "my_lake.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["/nowhere"])
    monkeypatch.delitem(__import__("sys").modules, "my_lake", raising=False)
    return tmp_path


def blueprint_of(names: str) -> object:
    """What a value of the variable makes."""
    return extensions.blueprint(from_environment({"LAKEHOUSE_EXTENSIONS": names}))


def test_none() -> None:
    """Without extensions it is the standard blueprint."""
    assert blueprint_of("") is STANDARD
    assert extensions.contracts(from_environment({})) is CONTRACTS


@pytest.mark.usefixtures("folder")
def test_in_order() -> None:
    """Functions in the current folder are found, and applied one after another."""
    assert blueprint_of("my_lake:first my_lake:second").marts == STANDARD.marts[2:]  # type: ignore[attr-defined]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_module:extend", "cannot be imported: No module named 'no_such_module'"),
        ("my_lake", "the module my_lake has no function ''"),
        ("my_lake:third", "the module my_lake has no function 'third'"),
        ("my_lake:nothing", "the extension my_lake:nothing answers NoneType"),
    ],
)
def test_wrong_names(name: str, message: str) -> None:
    """What is wrong is said by name."""
    with pytest.raises(ExtensionInvalid) as refused:
        blueprint_of(name)
    assert message in refused.value.message


def test_they_reach_the_supervisor(tmp_path: Path) -> None:
    """Settings pass to another process whole."""
    settings = from_environment({"LAKEHOUSE_EXTENSIONS": "a:b c:d", "LAKEHOUSE_HOME": str(tmp_path)})
    assert from_json(to_json(settings)) == settings
    assert settings.extensions == ("a:b", "c:d")
