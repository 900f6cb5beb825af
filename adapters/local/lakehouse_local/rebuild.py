"""`lakehouse rebuild`: source, bronze, silver and gold as they stood on a business day, out of a seed and nothing else.

Everything in the source follows from its seed and the days that were played; so do the rows of the lake, whatever LSNs and
commit times PostgreSQL gives them on the way. Their fingerprints say so.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lakehouse_local import supervisor
from lakehouse_local.capture import manifest
from lakehouse_local.environment import Environment
from lakehouse_local.errors import LakeNotEmpty
from lakehouse_local.extensions import contracts
from lakehouse_local.lake import records, work
from lakehouse_local.progress import Say
from lakehouse_local.query.engine import QueryEngine
from lakehouse_local.query.names import Kind, relations
from lakehouse_local.settings import Settings
from lakehouse_local.storage import S3Storage
from source_app import seeding, simulation
from source_app.history import END
from source_app.progress import Progress


@dataclass(frozen=True)
class Day:
    """A business of that scale and seed, that many days after the seed's last one."""

    scale: str
    seed: int
    days: int


@dataclass(frozen=True)
class Rebuilt:
    """A lake that was made again: how far its business had come, and the SHA-256 of each view's and mart's rows."""

    as_of: datetime
    fingerprints: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """One for all of them."""
        lines = "\n".join(f"{name} {digest}" for name, digest in sorted(self.fingerprints.items()))
        return hashlib.sha256(lines.encode()).hexdigest()


def rebuild(settings: Settings, day: Day, say: Say, steps: Progress) -> Rebuilt:
    """Make the business of a seed anew, play that many days, and take it all in.

    Args:
        settings: the home, which is to hold nothing yet; its servers are started if they do not run.
        day: what is to be made.
        say: told what is being done.
        steps: told how far seeding and playing are.

    Raises:
        LakeNotEmpty: the home's lake or source has gone further already.
        LakehouseError, SourceError: others, by name.
    """
    environment = supervisor.up(settings, say)
    storage = S3Storage(environment.s3)
    if manifest.newest(storage, settings.naming.bucket("bronze")) is not None:
        raise LakeNotEmpty(f"the lake in {settings.home} holds data already", hint=_ELSEWHERE)
    seeding.seed(environment.postgres.dsn, day.scale, day.seed, settings.cache / "seeds", steps)
    if day.days:
        simulation.simulate(environment.postgres.dsn, day.days, day.seed, steps)
    report = work.run(environment, settings, say)
    if report.as_of is None or report.as_of >= END + timedelta(days=day.days, hours=1):
        raise LakeNotEmpty(f"the source in {settings.home} had days played already", hint=_ELSEWHERE)
    say("taking fingerprints")
    return Rebuilt(report.as_of, _fingerprints(environment, settings))


_ELSEWHERE = "another LAKEHOUSE_HOME, which is made new"


def _fingerprints(environment: Environment, settings: Settings) -> dict[str, str]:
    record = records.latest(S3Storage(environment.s3), settings.naming)
    assert record is not None  # noqa: S101 - the run before has written one
    engine = QueryEngine(environment, settings)
    found = {}
    for relation in relations(record, contracts(settings)):
        if relation.kind in (Kind.VIEW, Kind.MART):
            text = io.StringIO()
            engine.run(f"select * from {relation} order by all").write_csv(text)  # noqa: S608 - a name of ours
            found[str(relation)] = hashlib.sha256(text.getvalue().encode()).hexdigest()
    return found
