"""The file of the authority that a source endpoint's connections are verified by."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lakehouse_local.engines.dms.source import authority_file

PEM = "-----BEGIN CERTIFICATE-----\n" + "MIIB\n" * 20_000 + "-----END CERTIFICATE-----\n"


def test_the_file_is_whole_whenever_it_is_read(tmp_path: Path) -> None:
    """Tasks that start at once each ask for it, and each connects as soon as it has the path."""
    with ThreadPoolExecutor(8) as tasks:
        seen = list(tasks.map(lambda _: authority_file(tmp_path / "new", PEM).read_text() == PEM, range(2_000)))
    assert all(seen)
    assert [path.suffix for path in (tmp_path / "new").iterdir()] == [".pem"]


def test_a_file_that_was_cut_off_is_made_good(tmp_path: Path) -> None:
    """One that a full disk or a kill left half written does not stay."""
    authority_file(tmp_path, PEM).write_text(PEM[:100])
    assert authority_file(tmp_path, PEM).read_text() == PEM


def test_each_authority_has_a_file(tmp_path: Path) -> None:
    """Two endpoints with different certificates do not share one."""
    first, second = (authority_file(tmp_path, pem) for pem in ("one", "two"))
    assert (first.read_text(), second.read_text()) == ("one", "two")
