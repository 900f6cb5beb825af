"""LocalStack from pip, in an environment of its own."""

import json
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from lakehouse_local.environment import S3Part
from lakehouse_local.providers import process
from lakehouse_local.providers.errors import LocalStackNotBuilt

LAUNCHER = Path(__file__).with_name("localstack_launcher.py")
LOCK = Path(__file__).parents[4] / "requirements" / "localstack.lock"
STAMP = "lock.sha256"
# Any credentials open it; these are the ones its own documents use.
KEY = "test"
SETTINGS = {
    "SKIP_SSL_CERT_DOWNLOAD": "1",
    "DISABLE_EVENTS": "1",
    "DNS_ADDRESS": "0",
    "OVERRIDE_IN_DOCKER": "0",
    # LocalStack's newer CloudWatch forgets the tags that an alarm is made with; this one keeps them.
    "PROVIDER_OVERRIDE_CLOUDWATCH": "v1",
}


def ensure(cache: Path, progress: Callable[[str], None] = lambda _: None, lock: Path = LOCK) -> Path:
    """LocalStack's environment in ``cache``, built from the lock unless it is there already; its folder.

    LocalStackNotBuilt if the lock is absent or the installation fails.
    """
    folder = cache / "localstack"
    if not lock.exists():
        raise LocalStackNotBuilt(f"{lock} is missing", hint="run make setup in a clone of the repository")
    wanted = sha256(lock.read_bytes()).hexdigest()
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / "localstack.lock"):
        if built(folder) == wanted:
            return folder
        progress("building LocalStack's environment (once)")
        shutil.rmtree(folder, ignore_errors=True)
        uv = Path(sys.executable).with_name("uv")
        python = folder / "bin" / "python"
        # The lock is made for 3.11; uv finds one where we run on a newer version.
        base = sys.executable if sys.version_info[:2] == (3, 11) else "3.11"
        commands: tuple[list[str | Path], ...] = (
            [uv, "venv", "--quiet", "--python", base, folder],
            [uv, "pip", "install", "--quiet", "--python", python, "--no-deps", "--require-hashes", "-r", lock],
        )
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise LocalStackNotBuilt(
                    f"building LocalStack's environment failed: {done.stderr.strip()[-2000:]}",
                    hint="check the network, then make setup again; or LAKEHOUSE_S3=docker or a URL",
                )
        (folder / STAMP).write_text(wanted)
    return folder


def built(folder: Path) -> str | None:
    """The sha256 of the lock that the environment was built from; None if it is absent or half built."""
    stamp = folder / STAMP
    return stamp.read_text() if stamp.exists() else None


class LocalStack:
    """LocalStack as a process; its objects end with it."""

    name = "localstack"
    keeps_data = False

    def __init__(self, cache: Path) -> None:
        self._environment = cache / "localstack"
        self._server: process.Server | None = None

    def obstacle(self) -> str | None:
        """Why it cannot be started; None if it can."""
        if built(self._environment) is None:
            return f"its environment {self._environment} is not built (make setup)"
        return None

    def start(self, home: Path, why: str) -> S3Part:
        """Start on loopback and wait for its health page."""
        port = process.port_for(home, "s3")
        files = home / "localstack"
        files.mkdir(parents=True, exist_ok=True)
        self._server = process.spawn(
            self.name,
            [self._environment / "bin" / "python", "-P", LAUNCHER],
            home / "logs" / "localstack.log",
            environment={
                **SETTINGS,
                "GATEWAY_LISTEN": f"{process.LOOPBACK}:{port}",
                "FILESYSTEM_ROOT": str(files),
                "HOME": str(files),
                "TMPDIR": str(files),
                "PYTHONUNBUFFERED": "1",
            },
        )
        endpoint = f"http://{process.LOOPBACK}:{port}"
        version = process.wait_until(self._server, lambda: health(endpoint), OSError)
        return part(self.name, why, version, endpoint)

    def ended(self) -> str | None:
        """Why the process no longer runs; None while it does."""
        return self._server.ended() if self._server else "LocalStack was not started"

    def stop(self) -> None:
        """End it; objects that were not exported are gone."""
        if self._server:
            self._server.stop(signal.SIGTERM, limit=5)

    def discard(self, home: Path) -> None:
        """Nothing: all it has is in ``home``."""


def health(endpoint: str) -> str:
    """The version that a LocalStack's health page names; OSError while it does not answer."""
    with urllib.request.urlopen(f"{endpoint}/_localstack/health", timeout=5) as answer:  # noqa: S310 (our own http)
        return f"LocalStack {json.load(answer)['version']}"


def part(name: str, why: str, version: str, endpoint: str) -> S3Part:
    """A LocalStack's part of the environment."""
    return S3Part(provider=name, why=why, version=version, endpoint=endpoint, access_key=KEY, secret_key=KEY)
