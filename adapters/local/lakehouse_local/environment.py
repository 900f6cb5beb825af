"""Which real parts are running, as the supervisor wrote them down."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lakehouse_local import state
from lakehouse_local.errors import NotRunning
from lakehouse_local.settings import Settings

STATE_FILE = "state.json"


@dataclass(frozen=True)
class PostgresPart:
    """A running PostgreSQL.

    ``dsn`` is for the application (owns database and tables), ``capture_dsn`` for the replication role
    (LOGIN REPLICATION and SELECT); both are libpq key/value strings.
    """

    provider: str
    why: str
    version: str
    dsn: str = field(repr=False)
    capture_dsn: str = field(repr=False)
    tls: str


@dataclass(frozen=True)
class S3Part:
    """A running S3."""

    provider: str
    why: str
    version: str
    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-west-2"


@dataclass(frozen=True)
class AwsPart:
    """The running AWS endpoint: its address, where what is not ours goes, the account that it plays.

    ``folder`` holds ``config`` and ``credentials`` for AWS's tools.
    """

    endpoint: str
    forwards_to: str
    account: str
    folder: str


@dataclass(frozen=True)
class Environment:
    """Everything that runs, and the supervisor's process; ``aws`` is None where S3 and PostgreSQL run alone."""

    postgres: PostgresPart
    s3: S3Part
    supervisor_pid: int
    aws: AwsPart | None = None

    def save(self, home: Path) -> None:
        """Write the state atomically, readable by the owner alone (it holds passwords)."""
        target = home / STATE_FILE
        draft = target.with_suffix(".tmp")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(self), indent=2))
        draft.replace(target)


def load(settings: Settings) -> Environment:
    """The environment that ``lakehouse up`` started; NotRunning if there is none."""
    try:
        body = (settings.home / STATE_FILE).read_text()
    except FileNotFoundError:
        raise NotRunning(
            f"no lakehouse is running in {settings.home}", hint="lakehouse up (or set LAKEHOUSE_HOME to another one)"
        ) from None
    return state.read(body, str(settings.home / STATE_FILE), _from, hint="lakehouse down, then lakehouse up")


def _from(found: dict[str, Any]) -> Environment:
    return Environment(
        postgres=PostgresPart(**found["postgres"]),
        s3=S3Part(**found["s3"]),
        supervisor_pid=found["supervisor_pid"],
        aws=AwsPart(**found["aws"]) if found.get("aws") else None,
    )
