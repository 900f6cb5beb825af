"""What a run needs from S3, put into its folder: the script, Python files, wheels, jars, other files."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from lakehouse_core.errors import ObjectMissing
from lakehouse_local.engines.crawler.objects import split
from lakehouse_local.engines.jobs.errors import LaunchFailed

MARK = ".of-the-run"
_INSTALL_SECONDS = 300
_VERSION = "import sys, importlib.metadata; print(importlib.metadata.version(sys.argv[1]))"
Get = Callable[[str, str], bytes]
"""Bucket and key to bytes; ObjectMissing."""


def script(get: Get, uri: str, folder: Path) -> Path:
    """The script's local copy, under its own name."""
    return _copy(get, uri, folder, what="script")


def files(get: Get, uris: tuple[str, ...], folder: Path) -> list[Path]:
    """Local copies."""
    return [_copy(get, uri, folder, what="file") for uri in uris]


def python_path(get: Get, uris: tuple[str, ...], folder: Path) -> list[Path]:
    """The entries of PYTHONPATH for ``--extra-py-files``: archives as they are (wheels unpacked), modules' folder."""
    entries = []
    for uri in uris:
        name = uri.rpartition("/")[2]
        place = folder / "py" / name
        copy = _copy(get, uri, folder / "py-files", what="Python file")
        if name.endswith(".whl"):
            with zipfile.ZipFile(copy) as wheel:
                wheel.extractall(place)
            (place / MARK).touch()
            entries.append(place)
        elif name.endswith((".zip", ".egg")):
            entries.append(copy)
        elif name.endswith(".py"):
            entries.append(copy.parent)
        else:
            raise LaunchFailed(f"--extra-py-files takes .py, .zip, .egg and .whl, not {uri}")
    return list(dict.fromkeys(entries))


def install(get: Get, modules: tuple[str, ...], folder: Path, python: str) -> Path | None:
    """The folder with ``--additional-python-modules``: wheels from S3; names only if the job's Python has them already.

    Nothing is fetched from a package index: a run must not depend on the network.
    """
    wheels = []
    for module in modules:
        if module.startswith("s3://"):
            if not module.endswith(".whl"):
                raise LaunchFailed(f"--additional-python-modules: {module} is not a wheel")
            wheels.append(str(_copy(get, module, folder / "wheels", what="wheel")))
        else:
            _require(module, python)
    if not wheels:
        return None
    place = folder / "modules"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile"]
    done = subprocess.run(
        [*command, "--disable-pip-version-check", "--target", str(place), *wheels],
        capture_output=True,
        text=True,
        timeout=_INSTALL_SECONDS,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise LaunchFailed(f"--additional-python-modules could not be installed: {last}")
    (place / MARK).touch()
    return place


def _require(module: str, python: str) -> None:
    try:
        wanted = Requirement(module)
    except InvalidRequirement:
        raise LaunchFailed(
            f"--additional-python-modules: {module!r} is neither a requirement nor a wheel on S3"
        ) from None
    asked = subprocess.run([python, "-c", _VERSION, wanted.name], capture_output=True, text=True, check=False)
    if asked.returncode:
        raise LaunchFailed(
            f"--additional-python-modules: {module} is not installed here, and runs fetch nothing from a package index",
            hint="put its wheel on S3 and name that",
        )
    found = asked.stdout.strip()
    if not wanted.specifier.contains(found, prereleases=True):
        raise LaunchFailed(
            f"--additional-python-modules: {module} was asked for and {found} is installed here",
            hint="put the wheel that you want on S3 and name that",
        )


def _copy(get: Get, uri: str, folder: Path, *, what: str) -> Path:
    bucket, key = split(uri)
    if not uri.startswith("s3://") or not key:
        raise LaunchFailed(f"the {what} {uri} is not an object of S3 (s3://bucket/key)")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        body = get(bucket, key)
    except ObjectMissing:
        raise LaunchFailed(f"the {what} {uri} does not exist or is not accessible") from None
    target = folder / key.rpartition("/")[2]
    target.write_bytes(body)
    return target
