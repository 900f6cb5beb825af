"""Homes for servers of one test."""

from pathlib import Path

import pytest

from lakehouse_local import settings as settings_module
from lakehouse_local.providers import postgres_binaries
from lakehouse_local.settings import Settings


@pytest.fixture
def home_settings(tmp_path: Path) -> Settings:
    """A home of its own, without containers whatever engine answers; moto for speed."""
    postgres = "installed" if any(postgres_binaries.installed()) else "embedded"
    cache = settings_module.from_environment().cache
    return Settings(home=tmp_path / "home", cache=cache, postgres=postgres, s3="moto")
