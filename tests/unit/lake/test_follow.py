"""Waiting for a capture that goes on in another process."""

from typing import cast

import pytest
from memory import MemoryStorage

from lakehouse_local.errors import CaptureBehind
from lakehouse_local.lake import sources
from lakehouse_local.storage import S3Storage


def test_a_capture_that_does_not_come_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It lives (it holds the slot), but its manifests stay behind what was committed."""
    monkeypatch.setattr(sources, "FOLLOW_SECONDS", 0.5)
    with pytest.raises(CaptureBehind, match="LSN 2A"):
        sources._follow(cast("S3Storage", MemoryStorage()), "bronze", 0x2A)
