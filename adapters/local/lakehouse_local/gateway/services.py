"""The services of our own, by name; a module is imported when its service is made."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from lakehouse_local.gateway.answer import Answerer
from lakehouse_local.services.service import Service
from lakehouse_local.services.world import World

MODULES: Mapping[str, str] = MappingProxyType(
    {
        "athena": "lakehouse_local.services.athena.service",
        "dms": "lakehouse_local.services.dms.create",
        "glue": "lakehouse_local.services.glue.service",
    }
)
"""Each module has ``create(World) -> Service``."""


def created(world: World) -> dict[str, Answerer]:
    """Every service, ready to answer."""
    found: dict[str, Answerer] = {}
    for name, module in MODULES.items():
        service: Service = import_module(module).create(world)
        found[name] = Answerer(service)
    return found
