"""DMS as a part of the endpoint."""

from psycopg2.extensions import parse_dsn

from lakehouse_local import environment
from lakehouse_local.engines.dms.source import PostgresEndpoint
from lakehouse_local.errors import NotRunning
from lakehouse_local.services.dms.service import DmsService
from lakehouse_local.services.dms.world import DmsWorld
from lakehouse_local.services.logs import Logs
from lakehouse_local.services.world import World
from lakehouse_local.settings import Settings


def create(world: World) -> DmsService:
    """The service; of the lakehouse's own PostgreSQL it knows the tables' owner, of any other it does not."""
    logs = Logs(world.s3)
    return DmsService(
        DmsWorld(
            state=world.state,
            part=world.s3,
            folder=world.folder / "dms",
            ship=lambda group, stream, lines: logs.ship(group, stream)(lines),
            owner=lambda endpoint: _owner(world.settings, endpoint),
            region=world.account.region,
            account=world.account.id,
        )
    )


def _owner(settings: Settings, endpoint: PostgresEndpoint) -> str | None:
    try:
        running = environment.load(settings).postgres.dsn
    except NotRunning:
        return None
    own = parse_dsn(running)
    asked = (endpoint.host.replace("localhost", "127.0.0.1"), str(endpoint.port), endpoint.database)
    return running if asked == (own.get("host"), own.get("port", "5432"), own.get("dbname")) else None
