"""The runbooks name what exists: every command and option, every error code, every variable of Terraform."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from lakehouse_core.errors import LakehouseError
from lakehouse_local.cli import app

ROOT = Path(__file__).parents[2]
RUNBOOKS = (ROOT / "docs" / "runbooks.md").read_text()
COMMANDS = sorted({found.strip() for found in re.findall(r"`(lakehouse [^`]+)`", RUNBOOKS)})
TERRAFORM = "\n".join(path.read_text() for path in (ROOT / "infra" / "terraform").rglob("*.tf"))


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


@pytest.mark.parametrize(
    "name",
    [
        "public_dms",
        "rds_instance_id",
        "source_ca_certificate_file",
        "create_dms_service_roles",
        "heartbeat_schema",
        "destroyable",
    ],
)
def test_a_variable_exists(name: str) -> None:
    """What is to be set can be set."""
    assert f"`{name}" in RUNBOOKS
    assert f'variable "{name}"' in TERRAFORM


@pytest.mark.parametrize(
    "code", ["bronze-missing", "lake-incomplete", "state-too-new", "record-too-new", "blueprint-changed"]
)
def test_an_error_exists(code: str) -> None:
    """What is said to be seen can be seen."""
    import lakehouse_aws.errors  # noqa: F401, PLC0415 - its classes are looked for below
    import lakehouse_local.errors  # noqa: F401, PLC0415

    def every(kind: type[LakehouseError]) -> set[str]:
        return {kind.code} | {each for sub in kind.__subclasses__() for each in every(sub)}

    assert f"`{code}`" in RUNBOOKS
    assert code in every(LakehouseError)
