"""The endpoint's process: reads its configuration from stdin, serves until SIGTERM."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from aiohttp import web

from lakehouse_local.environment import S3Part
from lakehouse_local.gateway import services
from lakehouse_local.gateway.app import Gateway
from lakehouse_local.providers.process import LOOPBACK
from lakehouse_local.services.account import Account
from lakehouse_local.services.state import FILE, State
from lakehouse_local.services.world import World
from lakehouse_local.settings import from_json

_GOODBYE_SECONDS = 2.0


def main() -> None:
    """Serve until the supervisor says stop."""
    config: dict[str, Any] = json.loads(sys.stdin.read())
    # Job scripts, logs and the state hold customers' rows.
    os.umask(0o077)
    part = S3Part(**config["s3"])
    settings = from_json(config["settings"])
    port = int(config["port"])
    world = World(
        folder=Path(config["folder"]),
        state=State(Path(config["folder"]) / FILE),
        s3=part,
        endpoint=f"http://{LOOPBACK}:{port}",
        account=Account(config["account"], part.region),
        settings=settings,
    )
    answerers = services.created(world)
    try:
        asyncio.run(_serve(Gateway(answerers, part.endpoint, part.access_key), port))
    finally:
        for answerer in answerers.values():
            answerer.service.close()
        world.state.close()


async def _serve(gateway: Gateway, port: int) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    runner = web.AppRunner(gateway.application(), access_log=None, shutdown_timeout=_GOODBYE_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
        await stopping.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    main()
