"""A class-data archive (AppCDS): the classes of a representative job, already parsed, for every later JVM.

Starting Spark is mostly loading classes. The archive belongs to one JDK, one class path and one Spark; the JVM
silently goes without it where something else changed, so nothing depends on it but time.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyspark

from lakehouse_local.settings import Settings
from lakehouse_local.spark import jars
from lakehouse_local.spark.java import OPTIONS, Java

TRAINING = "LAKEHOUSE_CDS_TRAINING"
_SECONDS = 300


def options(cache: Path, java: Java, class_path: list[Path]) -> str:
    """The JVM options that use the archive; empty where there is none yet.

    In the training process (``LAKEHOUSE_CDS_TRAINING`` is the file to write) they make the archive instead.
    """
    if draft := os.environ.get(TRAINING):
        return f'"-XX:ArchiveClassesAtExit={draft}" -Xlog:cds=off,cds+dynamic=off'
    archive = _archive(cache, java, class_path)
    if not archive.exists():
        return ""
    return f'"-XX:SharedArchiveFile={archive}" -Xshare:auto -Xlog:cds=off,cds+dynamic=off,class+path=off'


def ensure(settings: Settings, java: Java, progress: Callable[[str], None] = lambda _: None) -> bool:
    """Make the archive if it is not there yet, in a process of its own; whether there is one afterwards.

    A failure costs later starts some seconds and nothing else, so it is reported as progress, not raised.
    """
    archive = _archive(settings.cache, java, jars.ensure(settings.cache, progress))
    if archive.exists():
        return True
    progress("making Spark's class-data archive (once; later starts take half the time)")
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
        draft = Path(scratch) / archive.name
        try:
            done = subprocess.run(
                [sys.executable, "-m", "lakehouse_local.spark.training", scratch],
                env={**os.environ, TRAINING: str(draft), "LAKEHOUSE_CACHE": str(settings.cache)},
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            progress(f"no class-data archive: the training job took more than {_SECONDS} s")
            return False
        if not draft.exists():
            progress(f"no class-data archive: {(done.stderr or done.stdout).strip()[-500:]}")
            return False
        draft.replace(archive)
    return True


def _archive(cache: Path, java: Java, class_path: list[Path]) -> Path:
    """The archive's file, named by everything that it depends on."""
    parts = (str(java.home), java.version, OPTIONS, pyspark.__version__, pyspark.__file__, *map(str, class_path))
    return cache / "cds" / f"{hashlib.sha256(os.pathsep.join(parts).encode()).hexdigest()[:16]}.jsa"
