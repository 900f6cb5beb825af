"""The runbooks name variables that Terraform has."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNBOOKS = (ROOT / "docs" / "runbooks.md").read_text()
TERRAFORM = "\n".join(path.read_text() for path in (ROOT / "infra" / "terraform").rglob("*.tf"))


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
