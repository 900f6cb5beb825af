"""`lakehouse run`: capture what is new, take it into silver, refresh gold, write the record."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from lakehouse_core.blueprint import Blueprint
from lakehouse_core.errors import NothingCaptured
from lakehouse_core.flow import Counts
from lakehouse_core.intake import Taken
from lakehouse_core.ports import Storage
from lakehouse_core.tables import DEFAULT_FORMAT, format_named, require_format
from lakehouse_local.capture import manifest
from lakehouse_local.capture.manifest import Manifest
from lakehouse_local.environment import Environment
from lakehouse_local.errors import FormatChanged, LeaseLost
from lakehouse_local.extensions import blueprint
from lakehouse_local.lake import erasures, fit, gold, intent, lease, mark, records, retention, sources
from lakehouse_local.lake.batch import Batch, same_shapes, take
from lakehouse_local.lake.intent import Intent
from lakehouse_local.lake.lake import Lake
from lakehouse_local.lake.records import Applied, RunRecord, TableRecord
from lakehouse_local.progress import Say
from lakehouse_local.proof import verify as proof
from lakehouse_local.proof.verify import VerifyReport
from lakehouse_local.settings import Settings
from lakehouse_local.spark.session import session
from lakehouse_local.storage import S3Storage


@dataclass(frozen=True)
class RunReport:
    """What a call did: the numbers of its runs, the account of each table, the marts, and how long each part took.

    ``slices`` has, of the marts that were computed only where changes touched them, from how many rows that was.
    """

    runs: tuple[int, ...]
    as_of: datetime | None
    captured: sources.Captured
    tables: dict[str, Counts] = field(default_factory=dict)
    marts: tuple[str, ...] = ()
    slices: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def headline(self) -> str:
        """One line for people."""
        if not self.runs:
            return f"nothing new: silver and gold hold all that was committed ({self.captured})"
        rows = sum(counts.read for counts in self.tables.values())
        took = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.seconds.items())
        return (
            f"run {self.runs[-1]}: {rows:,} changes into silver, {len(self.marts)} marts refreshed, "
            f"as of {self.as_of:%Y-%m-%d %H:%M} UTC ({took})"
        )

    def as_dict(self) -> dict[str, object]:
        """The report as plain values."""
        return asdict(self)


def run(
    environment: Environment,
    settings: Settings,
    say: Say,
    *,
    table_format: str | None = None,
    wire: str | None = None,
) -> RunReport:
    """Take in everything that is committed in the source when this is called.

    Args:
        environment: the running servers.
        settings: names of buckets, and the home.
        say: told what is being done.
        table_format: what a new lake's tables are (None: Hudi); a lake keeps its format.
        wire: how bronze is written; None for the one that the lake began with.

    Raises:
        UnknownFormat, FormatChanged: before anything is captured.
        LakehouseError: by name; what was not recorded is repeated by the next run.
    """
    _format_of(records.latest(S3Storage(environment.s3), settings.naming), table_format)
    captured = sources.capture(environment, settings, say, wire=wire)
    return take_in(environment, settings, captured, say, table_format=table_format)


def verify(environment: Environment, settings: Settings, say: Say) -> VerifyReport:
    """Compare source, bronze and silver at one LSN, after taking in what is committed below it."""

    def catch_up(lsn: int) -> None:
        captured = sources.capture(environment, settings, say, until=lsn)
        take_in(environment, settings, captured, say)
        say("comparing source, bronze and silver")

    return proof.verify(environment, settings, catch_up)


def take_in(
    environment: Environment,
    settings: Settings,
    captured: sources.Captured,
    say: Say,
    *,
    table_format: str | None = None,
) -> RunReport:
    """Take in everything that bronze holds and silver does not; ``table_format`` as for :func:`run`."""
    storage = S3Storage(environment.s3)
    bucket = settings.naming.bucket("bronze")
    erasures.require_finished(storage, settings.naming.bucket("silver"))
    last = records.latest(storage, settings.naming)
    chosen = _format_of(last, table_format)
    wanted = blueprint(settings)
    pending = _pending(storage, bucket, last)
    _require_fit(wanted, last, pending)
    if not pending and not (last and gold.stale(wanted, last)):
        return RunReport((), None, captured)
    seconds = {"capture": captured.seconds}
    with _timed(seconds, "Spark"):
        spark = session(settings, environment.s3, "lakehouse run", say)
    lake = Lake(settings.naming, storage, spark, format_named(chosen, spark), wanted)
    with lease.hold(storage, lake.silver) as still_ours:
        erasures.require_finished(storage, lake.silver)
        runs = _Runs(lake, settings, say, still_ours, seconds)
        # What there is may have changed before the lease was ours.
        last = records.latest(storage, settings.naming)
        _format_of(last, chosen)
        pending = _pending(storage, bucket, last)
        _require_fit(wanted, last, pending)
        runs.before = None if any(each.kind == "load" for each in pending) else last
        while pending:
            batch = _next(lake, last, pending)
            pending = pending[len(batch.manifests) :]
            last = runs.record(runs.silver(batch, last), gold_too=not pending)
        if last is not None and not runs.done and gold.stale(wanted, last):
            # Nothing came, but a mart is new, or its code is.
            runs.record(replace(last, run=last.run + 1, tables=_unchanged(last)), gold_too=True)
        if retention.is_due(runs.done):
            with _timed(seconds, "tidying"):
                retention.tidy(lake, runs.done[-1], say)
    return runs.report(captured)


def rewrite(
    environment: Environment, settings: Settings, prepare: Callable[[Lake, RunRecord], RunRecord], say: Say
) -> RunRecord:
    """A run that takes nothing in: ``prepare`` changes silver and says what a record has to list; gold follows.

    Raises:
        NothingCaptured: there is no run yet.
    """
    storage = S3Storage(environment.s3)
    spark = session(settings, environment.s3, "lakehouse", say)
    with lease.hold(storage, settings.naming.bucket("silver")) as still_ours:
        last = records.latest(storage, settings.naming)
        if last is None:
            raise NothingCaptured("nothing was taken in yet", hint="lakehouse run")
        lake = Lake(settings.naming, storage, spark, format_named(last.format, spark), blueprint(settings))
        _require_fit(lake.blueprint, last, ())
        wanted = prepare(lake, replace(last, run=last.run + 1, tables=_unchanged(last), marts=()))
        return _Runs(lake, settings, say, still_ours, {}).record(wanted, gold_too=True)


def repeat(environment: Environment, settings: Settings, manifests: tuple[Manifest, ...], say: Say) -> RunReport:
    """Take manifests of changes in once more, as a run of its own; how far the lake has come stays as it is."""
    storage = S3Storage(environment.s3)
    seconds: dict[str, float] = {}
    with _timed(seconds, "Spark"):
        spark = session(settings, environment.s3, "lakehouse backfill", say)
    with lease.hold(storage, settings.naming.bucket("silver")) as still_ours:
        erasures.require_finished(storage, settings.naming.bucket("silver"))
        last = records.latest(storage, settings.naming)
        if last is None:
            raise ValueError("nothing was taken in yet, so nothing can be repeated")
        lake = Lake(settings.naming, storage, spark, format_named(last.format, spark), blueprint(settings))
        _require_fit(lake.blueprint, last, manifests)
        runs = _Runs(lake, settings, say, still_ours, seconds)
        while manifests:
            batch = Batch(last.run + 1, tuple(same_shapes(manifests)), repeated=True)
            manifests = manifests[len(batch.manifests) :]
            taken = replace(runs.silver(batch, last), applied_until=last.applied_until, as_of=last.as_of)
            last = runs.record(taken, gold_too=not manifests)
    return runs.report(sources.Captured(0, 0, 0, 0.0))


@dataclass
class _Runs:
    """The runs of one call, one after another, under one lease: ``done`` are their records, ``taken`` what came in.

    ``before`` is the record from whose gold the call may go on; None to compute every mart whole.
    """

    lake: Lake
    settings: Settings
    say: Say
    still_ours: Callable[[], None]
    seconds: dict[str, float]
    done: list[RunRecord] = field(default_factory=list)
    taken: list[dict[str, Taken]] = field(default_factory=list)
    before: RunRecord | None = None

    def silver(self, batch: Batch, last: RunRecord | None) -> RunRecord:
        """Take a batch into silver; its record so far."""
        with _timed(self.seconds, "silver"):
            taken = take(self.lake, batch, last, self.say)
        self.taken.append(taken)
        return _record(self.lake, batch, last, taken)

    def record(self, record: RunRecord, *, gold_too: bool) -> RunRecord:
        """Refresh gold if that is asked for, and make the run have happened."""
        if gold_too:
            with _timed(self.seconds, "gold"):
                self.say(f"gold: {len(gold.stale(self.lake.blueprint, record))} marts")
                record = gold.refreshed(self.lake, record, self.before)
        self.still_ours()
        _commit(self.lake, self.settings, record)
        self.done.append(record)
        return record

    def report(self, captured: sources.Captured) -> RunReport:
        """What the call did."""
        return RunReport(
            runs=tuple(record.run for record in self.done),
            as_of=self.done[-1].as_of if self.done else None,
            captured=captured,
            tables={
                f"silver.{entity}": _sum(each[entity].counts for each in self.taken if entity in each)
                for entity in self.lake.blueprint.contracts
            },
            marts=self.done[-1].marts if self.done else (),
            slices=self.done[-1].slices if self.done else {},
            seconds=self.seconds,
        )


def _pending(storage: Storage, bucket: str, last: RunRecord | None) -> list[Manifest]:
    """The manifests that no run has taken in; ManifestGap where the chain is broken."""
    after = (last.applied_until.epoch, last.applied_until.sequence) if last else None
    return manifest.read_chain(storage, bucket, after)


def _next(lake: Lake, last: RunRecord | None, pending: Sequence[Manifest]) -> Batch:
    """The manifests of the next run: one load, or changes of one epoch and of one shape of each table; as its intent says."""
    first = pending[0]
    alike = same_shapes([m for m in pending if (m.epoch, m.kind) == (first.epoch, first.kind)])
    number = last.run + 1 if last else 1
    wanted = Intent(number, first.epoch, first.sequence, alike[-1].sequence)
    settled = intent.settle(lake.storage, lake.silver, wanted)
    return Batch(number, tuple(m for m in alike if m.sequence <= settled.last))


def _record(lake: Lake, batch: Batch, last: RunRecord | None, taken: dict[str, Taken]) -> RunRecord:
    """The run's record, gold still as the last run left it."""
    changed = {
        f"silver.{entity}": TableRecord(
            commit=each.commit,
            rows_in=each.counts.read,
            upserts=each.counts.upserts,
            deletes=each.counts.deletes,
            quarantined=each.counts.quarantined,
            superseded=each.counts.superseded,
            floor=each.floor,
            columns=fit.columns(lake.blueprint.contracts[entity]),
        )
        for entity, each in taken.items()
    }
    end = batch.manifests[-1]
    return RunRecord(
        run=batch.run,
        as_of=max(end.clock_time, last.as_of) if last else end.clock_time,
        format=lake.format.name,
        wire=end.wire,
        applied_until=Applied(end.epoch, end.sequence, end.end_lsn),
        tables=(_unchanged(last) if last else {}) | changed,
    )


def _unchanged(last: RunRecord) -> dict[str, TableRecord]:
    return {
        name: TableRecord(entry.commit, floor=entry.floor, columns=entry.columns, basis=entry.basis)
        for name, entry in last.tables.items()
    }


def _commit(lake: Lake, settings: Settings, record: RunRecord) -> None:
    """Make the run have happened."""
    if not lake.storage.put_if_absent(lake.silver, record.key, record.to_json()):
        raise LeaseLost(f"another process wrote {record.key}", hint="lakehouse run goes on from it")
    mark.advance(settings.home, run=record.run)


def _require_fit(wanted: Blueprint, last: RunRecord | None, pending: Sequence[Manifest]) -> None:
    fit.require(wanted, last, loading=any(each.kind == "load" for each in pending))


def _format_of(last: RunRecord | None, asked: str | None) -> str:
    """The lake's table format; UnknownFormat where there is no such one, FormatChanged where the lake has another."""
    if asked is not None:
        require_format(asked)
    if last is None:
        return asked or DEFAULT_FORMAT
    if asked not in (None, last.format):
        raise FormatChanged(
            f"this lake's tables are {last.format}; {asked} was asked for",
            hint=f"lakehouse run --format {last.format}, or another LAKEHOUSE_HOME for the other format",
        )
    return last.format


def _sum(counts: Iterator[Counts]) -> Counts:
    found = list(counts)
    return Counts(*(sum(getattr(each, name) for each in found) for name in Counts.__dataclass_fields__))


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    seconds[name] = seconds.get(name, 0.0) + time.monotonic() - started
