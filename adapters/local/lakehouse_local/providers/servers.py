"""The servers of a home, started together; the supervisor and the tests use the same code."""

import datetime as dt
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lakehouse_core.errors import LakehouseError
from lakehouse_local.environment import AwsPart, Environment, PostgresPart, S3Part
from lakehouse_local.gateway.server import GatewayServer
from lakehouse_local.providers import s3_export
from lakehouse_local.providers.base import PostgresProvider, S3Provider
from lakehouse_local.providers.choice import choose_postgres, choose_s3, remember_postgres
from lakehouse_local.providers.errors import S3Unreachable
from lakehouse_local.providers.place import make_home
from lakehouse_local.providers.s3_client import client, named_errors
from lakehouse_local.settings import Settings

LAYERS = ("bronze", "silver", "gold", "scripts", "athena")
OPEN_FILE = "s3-open"
LOSS_FILE = "s3-loss"

Progress = Callable[[str], None]


class Servers:
    """The servers of one home; ``start`` them once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._postgres: PostgresProvider | None = None
        self._s3: S3Provider | None = None
        self._s3_part: S3Part | None = None
        self._aws: GatewayServer | None = None

    def start(self, say: Progress) -> Environment:
        """Start PostgreSQL, S3 with its buckets as at the last export, and the AWS endpoint; errors stop what had started."""
        make_home(self._settings.home)
        try:
            postgres, s3 = self.start_postgres(say), self.start_s3(say)
            return Environment(postgres, s3, os.getpid(), self.start_aws(s3, say))
        except BaseException:
            self.stop()
            raise

    def start_postgres(self, say: Progress) -> PostgresPart:
        """Start PostgreSQL alone."""
        choice = choose_postgres(self._settings)
        say(f"PostgreSQL: {choice.provider.name} ({choice.why})")
        self._postgres = choice.provider
        part = choice.provider.start(self._settings.home, choice.why)
        remember_postgres(self._settings.home, choice.provider)
        return part

    def start_s3(self, say: Progress) -> S3Part:
        """Start S3 alone, restore the last export if it keeps nothing itself, and create the lake's buckets."""
        home, choice = self._settings.home, choose_s3(self._settings)
        say(f"S3: {choice.provider.name} ({choice.why})")
        self._s3 = choice.provider
        self._s3_part = part = choice.provider.start(home, choice.why)
        if not choice.provider.keeps_data:
            exported = s3_export.restore(part, home)
            if exported:
                say(f"S3: {len(exported.objects)} objects restored from the export of {exported.at}")
            if lost := _note_loss(home, exported):
                say(lost)
            (home / OPEN_FILE).write_text(dt.datetime.now(dt.UTC).isoformat())
        s3 = client(part)
        with named_errors(part, "creating the lake's buckets"):
            for layer in LAYERS:
                s3_export.create_bucket(s3, self._settings.naming.bucket(layer), part.region)
        return part

    def start_aws(self, s3: S3Part, say: Progress) -> AwsPart:
        """Start the AWS endpoint over a running S3."""
        say("AWS: one endpoint for all services")
        self._aws = GatewayServer(self._settings)
        return self._aws.start(s3)

    def ended(self) -> dict[str, str]:
        """The servers that no longer run, and how they ended."""
        found = {"PostgreSQL": self._postgres, "S3": self._s3, "AWS endpoint": self._aws}
        return {title: why for title, server in found.items() if server is not None and (why := server.ended())}

    def export(self, say: Progress) -> None:
        """Save the buckets of an S3 that keeps nothing; ExportIncomplete or S3Unreachable leave the servers as they are."""
        if self._s3 is None or self._s3_part is None or self._s3.keeps_data:
            return
        if self._aws is not None:
            self._aws.stop()  # its jobs write to S3, and what they write after the export would be lost
        say("S3: exporting the buckets")
        try:
            done = s3_export.export(self._s3_part, self._settings.home)
        except LakehouseError as error:
            if not (isinstance(error, S3Unreachable) and self._s3.ended()):
                # Whatever keeps the endpoint away is shown by its end; what kept S3 from being exported must be told.
                if self._aws is not None:
                    with suppress(LakehouseError, OSError):
                        self._aws.start(self._s3_part)
                raise
            say("S3 has ended before it could be exported: what was written since the last export is lost")
            return
        for name in (OPEN_FILE, LOSS_FILE):
            (self._settings.home / name).unlink(missing_ok=True)
        say(f"S3: {len(done.objects)} objects exported")

    def stop(self) -> None:
        """Stop what runs."""
        for server in (self._aws, self._s3, self._postgres):
            if server is not None:
                server.stop()

    def discard(self) -> None:
        """Remove what stopped servers keep outside the home."""
        for server in (self._s3, self._postgres):
            if server is not None:
                server.discard(self._settings.home)


def s3_loss(home: Path) -> str | None:
    """What is known to be missing from S3 because a session ended without an export; None if nothing is."""
    file = home / LOSS_FILE
    return file.read_text() if file.exists() else None


def _note_loss(home: Path, exported: s3_export.Export | None) -> str | None:
    """Write down that the session before ended without an export; the note stays until the next orderly ``down``."""
    began = home / OPEN_FILE
    if not began.exists():
        return s3_loss(home)
    restored = f"restored is the export of {exported.at}" if exported else "there was no export before it"
    note = (
        f"S3's session that began {began.read_text()} ended without an export; {restored}. What was written since "
        "is gone: capture and run compare their ledgers with S3 and name what to load again"
    )
    (home / LOSS_FILE).write_text(note)
    return note


@contextmanager
def running(settings: Settings) -> Iterator[Environment]:
    """All servers for the duration of a block, in this process and without a trace outside the home: for tests."""
    with _transient(settings) as servers:
        yield servers.start(_silent)


@contextmanager
def running_postgres(settings: Settings) -> Iterator[PostgresPart]:
    """PostgreSQL alone, as ``running``."""
    with _transient(settings) as servers:
        yield servers.start_postgres(_silent)


@contextmanager
def running_s3(settings: Settings) -> Iterator[S3Part]:
    """S3 alone, as ``running``."""
    with _transient(settings) as servers:
        yield servers.start_s3(_silent)


@contextmanager
def _transient(settings: Settings) -> Iterator[Servers]:
    """The servers of a home, not started yet; stopped and discarded at the end of the block."""
    servers = Servers(settings)
    make_home(settings.home)
    try:
        yield servers
    finally:
        servers.stop()
        servers.discard()


def _silent(_message: str) -> None:
    pass
