"""The pinned jars: what is fetched, verified and refused."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from lakehouse_local.errors import JarsAltered, JarsUnavailable
from lakehouse_local.spark import jars


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Two small pinned files instead of 119 MiB."""
    pins = {"a.jar": hashlib.sha256(b"a").hexdigest(), "b.jar": hashlib.sha256(b"b").hexdigest()}
    monkeypatch.setattr(jars.JarSet, "pinned", lambda _: pins)
    return pins


def filled(cache: Path) -> Path:
    """A cache that holds both."""
    (cache / "jars").mkdir()
    (cache / "jars" / "a.jar").write_bytes(b"a")
    (cache / "jars" / "b.jar").write_bytes(b"b")
    return cache / "jars"


def test_the_lock_pins_thirteen_jars() -> None:
    """Each name has a sha256, and every fetched coordinate is among them."""
    pins = jars.GLUE_5_1.pinned()
    assert len(pins) == 13
    assert all(len(pin) == 64 for pin in pins.values())
    for coordinate in jars.GLUE_5_1.coordinates:
        assert coordinate.replace(":", "_", 1).replace(":", "-") + ".jar" in pins


@pytest.mark.usefixtures("pins")
def test_a_filled_cache_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is started where every file is there; the order is the lock's."""
    folder = filled(tmp_path)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("a process was started"))
    assert jars.ensure(tmp_path) == [folder / "a.jar", folder / "b.jar"]


@pytest.mark.usefixtures("pins")
def test_an_altered_jar_is_named(tmp_path: Path) -> None:
    """Even a jar that was verified before, once its bytes change."""
    folder = filled(tmp_path)
    jars.ensure(tmp_path)
    (folder / "b.jar").write_bytes(b"evil")
    with pytest.raises(JarsAltered, match=r"b\.jar is not the file that was pinned") as raised:
        jars.ensure(tmp_path)
    assert "delete" in raised.value.hint


@pytest.mark.usefixtures("pins")
def test_jars_that_cannot_be_fetched_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network the error says what did not arrive, and how to get it."""
    failed = subprocess.CompletedProcess([], 1, "", "unresolved dependency: io.delta#delta-spark_2.12;3.3.2: not found")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    monkeypatch.setattr(jars.java, "find", lambda _: jars.java.Java(tmp_path, "17", "test"))
    with pytest.raises(JarsUnavailable, match="unresolved dependency"):
        jars.ensure(tmp_path)
