"""The same day, made twice in two homes: the same rows, and nothing of the first in the second."""

import json
from pathlib import Path

import pytest
from lakehouse_home import FEW_MARTS, Lakehouse, Said, lakehouse

DAYS = "2"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def test_a_day_is_the_same_each_time(tmp_path: Path) -> None:
    """Fingerprints of every view and mart agree; another seed has others, and a lake that holds data is refused."""
    found = []
    for name in ("first", "second"):
        with lakehouse(tmp_path / name, extensions=FEW_MARTS, seeded=False) as lake:
            said = rebuilt(lake, "--seed", "7")
            found.append(json.loads(said.out))
            assert lake.verify().equal
            if name == "first":
                assert lake.command("rebuild").ended == (2, "lake-not-empty")
    first, second = found
    assert first["as_of"][:10] == "2025-07-03"
    assert len(first["fingerprints"]) == 12
    assert first["fingerprints"] == second["fingerprints"]
    assert first["fingerprint"] == second["fingerprint"]


def rebuilt(lake: Lakehouse, *more: str) -> Said:
    """What the command says."""
    said = lake.command("rebuild", "--days", DAYS, "--json", *more)
    assert said.ended == (0, None), said.err
    return said
