"""The clients' environment, and how a test runs a program of it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

_PROGRAMS = Path(__file__).parents[2] / ".venv-clients" / "bin"
Client = Callable[..., subprocess.CompletedProcess[str]]
"""Takes a program and its arguments, and ``ok``: whether it must succeed (the default) or fail."""


def programs() -> Path:
    """The folder of the clients' programs; the test is skipped where they are missing."""
    if not (_PROGRAMS / "aws").exists():
        pytest.skip(f"the clients' environment is missing ({_PROGRAMS.parent.name}): make setup")
    return _PROGRAMS
