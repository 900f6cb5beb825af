"""Writes the reference page of calls: ``python -m lakehouse_local.gateway.docs > docs/reference/aws-calls.md``."""

import sys
import tempfile
from pathlib import Path

from lakehouse_local.environment import S3Part
from lakehouse_local.gateway import calls, services
from lakehouse_local.services.account import Account
from lakehouse_local.services.state import State
from lakehouse_local.services.world import World
from lakehouse_local.settings import Settings


def page() -> str:
    """The page, from the services as they are: made for the moment, over no S3."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        world = World(
            folder=place,
            state=State(place / "state.sqlite"),
            s3=S3Part("none", "", "", "http://127.0.0.1:9", "", ""),
            endpoint="http://127.0.0.1:9",
            account=Account(),
            settings=Settings(place, place),
        )
        answerers = services.created(world)
        try:
            return calls.page([(each.service, calls.calls(each.service, each.model)) for each in answerers.values()])
        finally:
            for each in answerers.values():
                each.service.close()
            world.state.close()


if __name__ == "__main__":
    sys.stdout.write(page())
