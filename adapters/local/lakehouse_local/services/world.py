"""What services are given: their memory, the S3 and whatever else the forward target has, and how they are reached."""

from dataclasses import dataclass
from pathlib import Path

from lakehouse_local.environment import S3Part
from lakehouse_local.services.account import Account
from lakehouse_local.services.state import State
from lakehouse_local.settings import Settings


@dataclass(frozen=True)
class World:
    """One endpoint's.

    ``folder`` is where services may keep files, ``endpoint`` the address at which clients (a job's script, say) find
    all services; ``s3`` is the forward target: S3, and CloudWatch Logs where it has them.
    """

    folder: Path
    state: State
    s3: S3Part
    endpoint: str
    account: Account
    settings: Settings
