"""PyAthena and awswrangler: each a program of asserts that runs in the clients' environment."""

from pathlib import Path

import pytest
from aws_clients import Client

PROGRAMS = Path(__file__).with_name("programs")


@pytest.mark.parametrize("name", ["pyathena", "awswrangler"])
def test_a_program_of_its_users_holds(client: Client, name: str) -> None:
    """Every assert of the program holds, and it says so at its end."""
    assert client("python", str(PROGRAMS / f"with_{name}.py")).stdout.endswith("all held\n")
