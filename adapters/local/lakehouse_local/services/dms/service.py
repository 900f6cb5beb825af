"""The DMS service: what it is given, and its operations."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3

from lakehouse_local.services.dms.certificates import Certificates
from lakehouse_local.services.dms.common import Arns
from lakehouse_local.services.dms.connections import Connections
from lakehouse_local.services.dms.endpoints import Endpoints
from lakehouse_local.services.dms.events import Events
from lakehouse_local.services.dms.instances import Instances
from lakehouse_local.services.dms.logs import Outbox
from lakehouse_local.services.dms.runs import Runs
from lakehouse_local.services.dms.subnets import SubnetGroups
from lakehouse_local.services.dms.tags import Registry, Tags
from lakehouse_local.services.dms.tasks import Tasks
from lakehouse_local.services.dms.world import DmsWorld
from lakehouse_local.services.service import Operation


class DmsService:
    """DMS that moves rows. Tasks that ran when the endpoint ended go on as soon as this is made."""

    name = "dms"

    def __init__(self, world: DmsWorld) -> None:
        tags = Tags(world.state)
        registry = Registry(world.state, Arns(world.region, world.account), tags)

        @cache
        def client(service: str) -> Any:
            return boto3.session.Session().client(  # type: ignore[call-overload]
                service,
                endpoint_url=world.part.endpoint,
                aws_access_key_id=world.part.access_key,
                aws_secret_access_key=world.part.secret_key,
                region_name=world.region,
            )

        events = Events(registry, lambda: client("sns"))
        groups = SubnetGroups(registry, lambda: client("ec2"))
        instances = Instances(registry, groups, events)
        certificates = Certificates(registry)
        endpoints = Endpoints(registry, certificates, lambda: client("secretsmanager"), world.folder)
        self._connections = Connections(world, instances, endpoints)
        self._outbox = Outbox(world.ship, events)
        self._runs = Runs(world, instances, endpoints, self._outbox)
        tasks = Tasks(registry, events, instances, endpoints, self._runs)
        parts = (tags, events, groups, instances, certificates, endpoints, self._connections, tasks)
        self._operations = {name: operation for part in parts for name, operation in part.operations.items()}
        self._outbox.start()
        self._runs.go_on()

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What is done, by operation."""
        return self._operations

    @property
    def refused(self) -> Mapping[str, str]:
        """What AWS would refuse as well: nothing that is known."""
        return {}

    def close(self) -> None:
        """End every thread; running tasks go on when the service is made again."""
        self._runs.close()
        self._connections.close()
        self._outbox.close()
