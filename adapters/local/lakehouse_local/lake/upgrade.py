"""`lakehouse upgrade`: whether this version reads what another one wrote, part by part.

Every part says which format it has: the endpoint's state by SQLite's ``user_version``, manifests and run records by a
member. A part of a newer format is refused, never half understood. So far each has had one format only; the state's
migrations run when the endpoint starts.
"""

from dataclasses import dataclass
from pathlib import Path

from lakehouse_local.capture import manifest
from lakehouse_local.environment import Environment
from lakehouse_local.lake import records
from lakehouse_local.services import state
from lakehouse_local.settings import Settings
from lakehouse_local.storage import S3Storage


@dataclass(frozen=True)
class Part:
    """One part of a lakehouse: the format that was found (None: it is not there yet), and the one that is written now."""

    name: str
    found: int | None
    now: int


def check(environment: Environment, settings: Settings) -> tuple[Part, ...]:
    """The format of every part; all can be read, and what is written from now on is of this version's.

    Raises:
        StateTooNew, ManifestBroken: a part is of a format that this version does not know; nothing was changed.
    """
    storage = S3Storage(environment.s3)
    newest = manifest.newest(storage, settings.naming.bucket("bronze"))
    # The endpoint migrates its own when it starts; a newer one keeps it from starting.
    found = state.version_of(Path(environment.aws.folder) / state.FILE) if environment.aws else None
    return (
        Part("the endpoint's state", found, state.VERSION),
        Part("bronze's manifests", newest.version if newest else None, manifest.VERSION),
        Part("run records", records.newest_version(storage, settings.naming), records.VERSION),
    )
