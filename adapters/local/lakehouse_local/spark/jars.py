"""The jars that Spark's own distribution lacks: Hudi, Delta and S3A, pinned by sha256.

Spark's own Ivy fetches them once into the cache. Sessions then put exactly these thirteen files on the class path:
what already lies in pyspark's jars folder must not come a second time (an older Jackson breaks both formats), and
S3A needs only the S3 parts of the AWS SDK, not its 281 MB bundle.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path

import pyspark
from filelock import FileLock

from lakehouse_local.errors import JarsAltered, JarsUnavailable
from lakehouse_local.spark import java

_FETCH_SECONDS = 600


@dataclass(frozen=True)
class JarSet:
    """What one Spark needs beside its own distribution.

    ``coordinates`` are resolved by Ivy without what ``excluded`` names; ``lock`` has a line for each jar on the class
    path, in class path order: file name and sha256.
    """

    coordinates: tuple[str, ...]
    excluded: str
    lock: Traversable

    def pinned(self) -> dict[str, str]:
        """File name to sha256 of every jar on the class path, in class path order."""
        return dict(line.split() for line in self.lock.read_text().splitlines())


GLUE_5_1 = JarSet(
    coordinates=(
        "org.apache.hudi:hudi-spark3.5-bundle_2.12:1.0.2",
        "io.delta:delta-spark_2.12:3.3.2",
        "io.delta:delta-storage:3.3.2",
        "org.apache.hadoop:hadoop-aws:3.3.4",
        "com.amazonaws:aws-java-sdk-s3:1.12.262",
        "com.amazonaws:aws-java-sdk-sts:1.12.262",
        "com.amazonaws:aws-java-sdk-dynamodb:1.12.262",
    ),
    excluded="com.amazonaws:aws-java-sdk-bundle",
    lock=files(__package__) / "jars.lock",
)


def ensure(cache: Path, progress: Callable[[str], None] = lambda _: None, *, wanted: JarSet = GLUE_5_1) -> list[Path]:
    """The verified jars in class path order, fetched first where they are not in the cache yet.

    Without network this works once the cache is filled. Raises JarsUnavailable where they cannot be fetched and
    JarsAltered where a file is not the one that was pinned.
    """
    folder = cache / "jars"
    folder.mkdir(parents=True, exist_ok=True)
    pins = wanted.pinned()
    with FileLock(cache / "jars.lock"):
        if missing := [name for name in pins if not (folder / name).exists()]:
            progress(f"fetching {len(missing)} jars for Spark (once)")
            _fetch(folder, missing, cache, wanted)
        for name, pin in pins.items():
            _verify(folder / name, pin)
    return [folder / name for name in pins]


def _verify(jar: Path, pin: str) -> None:
    """Compare a file with its pin; the stamp beside it saves hashing 119 MiB at every start."""
    stat = jar.stat()
    seen = f"{pin} {stat.st_size} {stat.st_mtime_ns}"
    stamp = jar.with_suffix(".verified")
    if stamp.exists() and stamp.read_text() == seen:
        return
    with jar.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != pin:
        raise JarsAltered(
            f"{jar} is not the file that was pinned: sha256 {found}, expected {pin}",
            hint=f"delete {jar} and run again: it will be fetched anew",
        )
    stamp.write_text(seen)


def _fetch(folder: Path, missing: list[str], cache: Path, wanted: JarSet) -> None:
    """Let Spark's own Ivy resolve the coordinates for a script that does nothing, and keep the jars that are pinned."""
    with tempfile.TemporaryDirectory(dir=cache) as scratch, as_file(files(__package__) / "ivysettings.xml") as resolver:
        script = Path(scratch) / "nothing.py"
        script.touch()
        command = [
            str(java.find(cache).executable),
            *("-cp", f"{Path(pyspark.__file__).parent / 'jars'}/*"),
            "org.apache.spark.deploy.SparkSubmit",
            *("--master", "local[1]"),
            *("--packages", ",".join(wanted.coordinates)),
            *("--exclude-packages", wanted.excluded),
            *("--conf", f"spark.jars.ivy={scratch}/ivy"),
            *("--conf", f"spark.jars.ivySettings={resolver}"),
            *("--conf", f"spark.pyspark.python={sys.executable}"),
            str(script),
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise _unavailable(f"no answer within {_FETCH_SECONDS} s") from None
        fetched = Path(scratch) / "ivy" / "jars"
        if lacking := [name for name in missing if not (fetched / name).exists()]:
            reason = next((line.strip() for line in done.stderr.splitlines() if "unresolved" in line), "")
            raise _unavailable(reason or f"{', '.join(lacking)} did not arrive")
        for name in missing:
            # A rename within the file system, so that a cut copy never carries a jar's name.
            draft = folder / f"{name}.part"
            shutil.copyfile(fetched / name, draft)
            draft.replace(folder / name)


def _unavailable(reason: str) -> JarsUnavailable:
    return JarsUnavailable(
        f"Spark's jars could not be fetched: {reason}",
        hint="check the network, then `make setup`; after one success no network is needed. "
        "The cache may also be copied from another machine (LAKEHOUSE_CACHE)",
    )
