"""The endpoint as one of a home's servers: a process that the supervisor starts, watches and stops."""

import json
import os
import signal
import socket
import sys
from dataclasses import asdict

from lakehouse_local.environment import AwsPart, S3Part
from lakehouse_local.gateway import profile
from lakehouse_local.providers import process
from lakehouse_local.settings import Settings, to_json

ACCOUNTS = {"moto": "123456789012"}
"""The account of a provider that does not take LocalStack's."""
_ACCOUNT = "000000000000"
_STOP_SECONDS = 20


class GatewayServer:
    """One endpoint; ``start`` it once S3 answers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server: process.Server | None = None

    def start(self, s3: S3Part) -> AwsPart:
        """Start on loopback and wait until it answers; ServerNotStarted if it does not."""
        home = self._settings.home
        folder = home / "aws"
        folder.mkdir(exist_ok=True, mode=0o700)
        port = process.port_for(home, "aws")
        account = ACCOUNTS.get(s3.provider, _ACCOUNT)
        config = {
            "port": port,
            "folder": str(folder),
            "account": account,
            "s3": asdict(s3),
            "settings": to_json(self._settings),
        }
        self._server = process.spawn(
            "AWS endpoint",
            [sys.executable, "-m", "lakehouse_local.gateway"],
            home / "logs" / "aws.log",
            environment={name: os.environ[name] for name in ("PATH", "JAVA_HOME") if name in os.environ}
            | {"HOME": str(home), "PYTHONUNBUFFERED": "1"},
            farewell=signal.SIGTERM,
            told=json.dumps(config),
        )
        part = AwsPart(f"http://{process.LOOPBACK}:{port}", s3.endpoint, account, str(folder))
        profile.write(folder, s3, part.endpoint)
        process.wait_until(
            self._server, lambda: socket.create_connection((process.LOOPBACK, port), timeout=1).close(), OSError
        )
        return part

    def ended(self) -> str | None:
        """Why the process no longer runs; None while it does."""
        return self._server.ended() if self._server else "the AWS endpoint was not started"

    def stop(self) -> None:
        """End it and the jobs that it runs; what it remembers stays."""
        if self._server:
            self._server.stop(signal.SIGTERM, limit=_STOP_SECONDS)
