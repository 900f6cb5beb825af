"""`lakehouse watch`: capture and runs go on side by side, and what can be seen of them from moment to moment."""

import threading
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lakehouse_local.capture import engine, manifest
from lakehouse_local.capture.errors import SourceGone
from lakehouse_local.capture.manifest import Manifest
from lakehouse_local.capture.names import lsn_text
from lakehouse_local.environment import Environment
from lakehouse_local.errors import LeaseHeld
from lakehouse_local.lake import checks, records, sources, work
from lakehouse_local.lake.lag import Lag, Positions
from lakehouse_local.lake.records import RunRecord
from lakehouse_local.lake.sources import Captured
from lakehouse_local.settings import Settings
from lakehouse_local.storage import S3Storage

TICK_SECONDS = 1.0
QUALITY_SECONDS = 60.0
"""How old the quality figures may become while runs follow each other without a pause."""
WAITING = "waiting for changes"


@dataclass(frozen=True)
class Quality:
    """The rules' figures after a run: rules, rules that some row fails, rows that fail one, rows in quarantine."""

    run: int
    rules: int
    failed_rules: int
    failed_rows: int
    quarantined: int


@dataclass(frozen=True)
class Gold:
    """How fresh the marts are.

    ``as_of`` is the business time that they go up to and ``behind_seconds`` how much later bronze's is;
    ``age_seconds`` is the time since this watch refreshed them, None before its first run.
    """

    as_of: datetime | None = None
    behind_seconds: float | None = None
    age_seconds: float | None = None


@dataclass(frozen=True)
class Rows:
    """Changes since the watch began: captured, and what silver made of them (see ``TableRecord``), by table."""

    captured: int = 0
    taken_in: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Tick:
    """One look: LSNs as PostgreSQL writes them (None: not known), ``run`` the newest run, ``runs`` those of this watch."""

    at: datetime
    doing: str
    source_lsn: str | None
    bronze_lsn: str | None
    silver_lsn: str | None
    bronze: Lag
    silver: Lag
    rows: Rows
    run: int | None
    runs: int
    quality: Quality | None
    gold: Gold


class Watch:
    """One capture and one run at a time, each in a thread of its own, until :meth:`stop`."""

    def __init__(self, environment: Environment, settings: Settings, every: float) -> None:
        self._environment = environment
        self._settings = settings
        self._every = every
        self._storage = S3Storage(environment.s3)
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._threads = (
            threading.Thread(target=self._guarded, args=(self._capture,), name="capture"),
            threading.Thread(target=self._guarded, args=(self._runs,), name="runs"),
        )
        self._doing = WAITING
        self._positions = Positions(time.monotonic())
        self._newest: Manifest | None = None
        self._record: RunRecord | None = None
        self._captured = 0
        self._taken_in: dict[str, dict[str, int]] = {}
        self._run_count = 0
        self._refreshed: float | None = None
        self._quality: Quality | None = None
        self._checked = -QUALITY_SECONDS
        self.result: Captured | None = None
        """What was captured, once the capture has ended."""

    def stop(self) -> None:
        """Capture stores what it has received and ends; a run that has begun is finished, no other begins."""
        self._stop.set()

    def ticks(self) -> Generator[Tick, None, None]:
        """Begin; then one look each second until both have ended.

        Raises:
            LakehouseError: what ended the capture or a run; the other one has ended too by then.
        """
        self._newest = manifest.newest(self._storage, self._settings.naming.bucket("bronze"))
        self._record = records.latest(self._storage, self._settings.naming)
        for thread in self._threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in self._threads):
                yield self._tick()
                self._pause()
        finally:
            # Also where nobody wants the next tick.
            self.stop()
            for thread in self._threads:
                thread.join()
        if self._error is not None:
            raise self._error
        yield self._tick()

    def _pause(self) -> None:
        """Until the next tick is due, or both threads have ended."""
        until = time.monotonic() + TICK_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again by ticks, in the thread that watches
            self._error = self._error or error
            self.stop()

    def _capture(self) -> None:
        self.result = sources.capture(
            self._environment,
            self._settings,
            lambda _: None,
            until=self._stop,
            on_batch=self._stored,
            on_idle=self._complete,
        )

    def _stored(self, stored: Manifest) -> None:
        self._captured += sum(file.rows for file in stored.files)
        self._newest = stored
        self._positions.bronze = stored.end_lsn

    def _complete(self, lsn: int) -> None:
        self._positions.bronze = lsn

    def _runs(self) -> None:
        while not self._stop.is_set():
            try:
                ran = self._run()
                if not self._stop.is_set():
                    self._check(idle=not ran)
                self._doing = WAITING
            except LeaseHeld as held:
                self._doing = f"waiting: {held.message}"
            self._stop.wait(self._every)

    def _run(self) -> bool:
        """Take in what bronze has and silver has not; whether there was anything."""
        report = work.take_in(
            self._environment,
            self._settings,
            Captured(load_rows=0, change_rows=0, end_lsn=0, seconds=0.0),
            self._say,
        )
        # Also what another process has taken in meanwhile.
        self._record = records.latest(self._storage, self._settings.naming)
        for table, counts in report.tables.items():
            total = self._taken_in.setdefault(table, {})
            for name, count in vars(counts).items():
                total[name] = total.get(name, 0) + count
        if report.runs:
            self._run_count += len(report.runs)
            self._refreshed = time.monotonic()
        return bool(report.runs)

    def _check(self, *, idle: bool) -> None:
        """Ask the quality rules about the newest run, at once when nothing else is to do, else each minute."""
        record, now = self._record, time.monotonic()
        if record is None or (self._quality and self._quality.run == record.run):
            return
        if not idle and now - self._checked < QUALITY_SECONDS:
            return
        report = checks.report(self._environment, self._settings, self._say)
        self._quality = Quality(
            run=record.run,
            rules=len(report.results),
            failed_rules=len(report.failed),
            failed_rows=sum(result.failed for result in report.failed),
            quarantined=sum(report.quarantined.values()),
        )
        self._checked = time.monotonic()

    def _say(self, doing: str) -> None:
        self._doing = doing

    def _tick(self) -> Tick:
        try:
            source = engine.current_lsn(sources.source_of(self._environment))
        except SourceGone:
            source = None
        record, newest, bronze = self._record, self._newest, self._positions.bronze
        silver = record.applied_until.end_lsn if record else None
        if (
            record
            and newest
            and (newest.epoch, newest.sequence)
            <= (
                record.applied_until.epoch,
                record.applied_until.sequence,
            )
        ):
            # Bronze holds nothing more, so silver is as complete as bronze is.
            silver = bronze
        now = time.monotonic()
        self._positions.saw(source, now)
        if silver is not None:
            self._positions.forget(silver)
        return Tick(
            at=datetime.now(UTC),
            doing=self._doing if not self._stop.is_set() else f"stopping; {self._doing}",
            source_lsn=_text(source),
            bronze_lsn=_text(bronze),
            silver_lsn=_text(silver),
            bronze=self._positions.lag(bronze, now),
            silver=self._positions.lag(silver, now),
            rows=Rows(self._captured, {table: dict(total) for table, total in self._taken_in.items()}),
            run=record.run if record else None,
            runs=self._run_count,
            quality=self._quality,
            gold=self._gold(record, newest, now),
        )

    def _gold(self, record: RunRecord | None, newest: Manifest | None, now: float) -> Gold:
        if record is None:
            return Gold()
        behind = max(0.0, (newest.clock_time - record.as_of).total_seconds()) if newest else None
        return Gold(record.as_of, behind, None if self._refreshed is None else now - self._refreshed)


def _text(lsn: int | None) -> str | None:
    return None if lsn is None else lsn_text(lsn)
