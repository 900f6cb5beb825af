"""What DMS is given."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lakehouse_local.engines.dms.source import PostgresEndpoint
from lakehouse_local.environment import S3Part
from lakehouse_local.services.dms.logs import Ship
from lakehouse_local.services.state import State

Owner = Callable[[PostgresEndpoint], str | None]
"""The DSN of the tables' owner where the endpoint's own user is none; None where nobody knows."""


@dataclass(frozen=True)
class DmsWorld:
    """What DMS is given.

    ``part`` is the forward target: S3, and EC2 (subnets), Secrets Manager (passwords) and SNS (events) where it has
    them. ``folder`` is for files that libpq must read. ``ship`` takes log lines, ``owner`` knows who may publish tables.
    """

    state: State
    part: S3Part
    folder: Path
    ship: Ship
    owner: Owner
    region: str = "us-west-2"
    account: str = "000000000000"
