"""moto's server: a quick S3 for unit tests."""

import signal
import sys
import urllib.request
from importlib.metadata import version
from pathlib import Path

from lakehouse_local.environment import S3Part
from lakehouse_local.providers import localstack, process


class MotoServer:
    """moto as a process; its objects end with it."""

    name = "moto"
    keeps_data = False

    def __init__(self) -> None:
        self._server: process.Server | None = None

    def obstacle(self) -> str | None:
        """None: it is a dependency."""
        return None

    def start(self, home: Path, why: str) -> S3Part:
        """Start on loopback and wait until it answers."""
        port = process.port_for(home, "s3")
        self._server = process.spawn(
            self.name,
            [sys.executable, "-m", "moto.server", "-H", process.LOOPBACK, "-p", str(port)],
            home / "logs" / "moto.log",
            environment={"HOME": str(home)},
        )
        endpoint = f"http://{process.LOOPBACK}:{port}"

        def answers() -> None:
            urllib.request.urlopen(f"{endpoint}/moto-api/", timeout=5).close()  # noqa: S310 (our own http)

        process.wait_until(self._server, answers, OSError)
        return localstack.part(self.name, why, f"moto {version('moto')}", endpoint)

    def ended(self) -> str | None:
        """Why the process no longer runs; None while it does."""
        return self._server.ended() if self._server else "moto was not started"

    def stop(self) -> None:
        """End it and its objects."""
        if self._server:
            self._server.stop(signal.SIGTERM, limit=5)

    def discard(self, home: Path) -> None:
        """Nothing: it keeps its objects in memory."""
