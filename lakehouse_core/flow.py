"""From a batch of bronze changes to what is written: rows to merge, log to append, quarantine, and the account.

Pure but for the actions named in :func:`take_in`: whoever calls it reads, persists and writes.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core import cdc
from lakehouse_core.bronze import Bronze
from lakehouse_core.bronze.cells import RULE
from lakehouse_core.cdc import Account, Floor, Link
from lakehouse_core.contracts.envelope import BUSINESS_TIME, OLD_KEY, OP, POSITION, UNSENT, Op, Phase, position
from lakehouse_core.contracts.model import Contract
from lakehouse_core.errors import RowsLost

Transform = Callable[[DataFrame], DataFrame]

SESSION_COLUMNS = ("session_id", "session_seq")
_VISITOR = ("tenant_id", "anonymous_id")


@dataclass(frozen=True)
class Counts:
    """One batch of one table, in changes: read = upserts + deletes + quarantined + superseded.

    A key change counts as two, a truncate as the keys that it removed (they are among the deletes).
    """

    read: int
    upserts: int
    deletes: int
    quarantined: int
    superseded: int


@dataclass(frozen=True)
class TakeIn:
    """What a batch means for one table.

    ``rows`` are merged into the base table by key (a row at the stored position replaces it, one below does not),
    ``log`` is appended to the change log, ``quarantine`` to the quarantine. ``floor`` is the newest truncate's
    position from now on.
    """

    rows: DataFrame
    log: DataFrame
    quarantine: DataFrame
    counts: Counts
    floor: str | None


def take_in(
    contract: Contract,
    bronze: Bronze,
    stored: DataFrame | None,
    log: DataFrame | None,
    floor: str | None,
    *,
    clean: Transform,
    sessions: Transform | None = None,
) -> TakeIn:
    """Work out what a batch of changes does to a table.

    Actions run here: aggregates over the batch and its stored rows, always. Then only where the batch holds such:
    a count of the rows that a truncate removes, the key changes that left columns out, a look for the time of an
    older truncate that undoes late changes.

    Args:
        contract: the table's contract.
        bronze: the batch; ``bronze.parsed`` should be persisted.
        stored: the base table's rows as they stand, None if there are none yet.
        log: everything that was taken in before; it is read only if changes came late or after quarantined ones.
        floor: the newest truncate before this batch; for a full load, the position at which its epoch starts.
        clean: the entity's silver function.
        sessions: for events, silver's sessions function, which adds :data:`SESSION_COLUMNS` to each row.

    Raises:
        RowsLost: the account does not add up.
    """
    units, quarantined, facts = _look(contract, bronze, stored, floor)
    newest_floor, emptied_by_load = _floor(facts, floor)
    removed = 0
    fallen = None
    if newest_floor and stored is not None and (emptied_by_load or newest_floor.position != floor):
        below = stored.where(F.col(POSITION) < newest_floor.position)
        removed = below.where(F.col(OP) != Op.DELETE).count()
        keys = bronze.changes.where(F.col(contract.key).isNotNull()).select(contract.key)
        fallen = cdc.buried(_state(below, contract), contract, newest_floor).join(keys, contract.key, "left_anti")
    elif newest_floor and facts.buried:
        newest_floor = _dated(newest_floor, log)
    counts = _balanced(contract, units + removed, quarantined, removed, facts)

    state = _folded(contract, bronze.changes, stored, log, floor=newest_floor, facts=facts)
    rows = clean(state if fallen is None else state.unionByName(fallen))
    if sessions is not None:
        rows = _with_sessions(contract, rows, stored, sessions)
    appended = bronze.changes
    if emptied_by_load and newest_floor and stored is not None:
        appended = appended.unionByName(_truncate_row(appended, newest_floor))
    return TakeIn(rows, appended, bronze.quarantine, counts, newest_floor.position if newest_floor else None)


def _look(contract: Contract, bronze: Bronze, stored: DataFrame | None, floor: str | None) -> tuple[int, int, Account]:
    """What the batch is, in two or three actions over it and its stored rows: (changes read, rows quarantined, account)."""
    rows, key_changes, quarantined, newest, micros = bronze.parsed.agg(
        F.count(F.when(F.col(OP).isNull() | (F.col(OP) != Op.TRUNCATE), 1)),
        F.count(OLD_KEY),
        F.count(RULE),
        *cdc.truncates(),
    ).collect()[0]
    lowest = max(filter(None, (newest, floor)), default=None)
    below = Floor(lowest) if lowest else None
    if stored is None and newest is None and (plain := cdc.account_of_load(bronze.changes, contract, below)):
        return rows + key_changes, quarantined, plain
    found = cdc.account(bronze.changes, contract, stored, below).collect()[0].asDict()
    return rows + key_changes, quarantined, Account(**found, truncate=newest, truncate_micros=micros)


def _floor(facts: Account, floor: str | None) -> tuple[Floor | None, bool]:
    """The newest truncate after the batch, and whether it is the start of a load that the batch is."""
    if facts.truncate is not None and facts.truncate > (floor or ""):
        return Floor(facts.truncate, facts.truncate_micros), False
    if floor is None:
        return None, False
    epoch = int(floor.split(".")[0])
    starts_epoch = floor == position(epoch, Phase.LOAD, 0, 0)
    loading = facts.first_position is None or facts.first_position.startswith(f"{epoch:04d}.{Phase.LOAD:d}.")
    if starts_epoch and loading:
        return Floor(floor, facts.first_micros), True
    return Floor(floor), False


def _dated(floor: Floor, log: DataFrame | None) -> Floor:
    """The floor with the business time that its truncate has in the log."""
    if log is None:
        return floor
    truncate = log.where((F.col(OP) == Op.TRUNCATE) & (F.col(POSITION) == floor.position))
    found = truncate.select(F.unix_micros(BUSINESS_TIME)).first()
    return Floor(floor.position, found[0]) if found else floor


def _balanced(contract: Contract, read: int, quarantined: int, removed: int, facts: Account) -> Counts:
    counts = Counts(read, facts.upserts, facts.deletes + removed, quarantined, facts.superseded)
    if read != counts.upserts + counts.deletes + counts.quarantined + counts.superseded:
        figures = ", ".join(f"{name} {value}" for name, value in asdict(counts).items())
        raise RowsLost(
            f"{contract.entity}: read is not upserts + deletes + quarantined + superseded ({figures})",
            hint="nothing of the batch was written; keep its files and report them",
        )
    return counts


def _folded(
    contract: Contract,
    changes: DataFrame,
    stored: DataFrame | None,
    log: DataFrame | None,
    *,
    floor: Floor | None,
    facts: Account,
) -> DataFrame:
    """The new state of the keys that the batch touches, by the cheapest way that is right for it."""
    if stored is not None and (facts.late or (facts.unsent and facts.doubtful)):
        if log is None:
            raise ValueError("a stored table was given without its log")
        return _refolded(contract, changes, stored, log, floor)
    if facts.unsent:
        # The stored state stands for everything below it, so it joins the fold as one more change of its key.
        past = None if stored is None else stored.join(F.broadcast(_keys(changes, contract)), contract.key, "left_semi")
        known = _state(changes, contract)
        links = cdc.links_of(changes, contract) if facts.inheriting else ()
        both = known if past is None else known.unionByName(_state(past, contract))
        return cdc.fold(both, contract, floor, links)
    if facts.repeated or facts.buried:
        return cdc.newest(changes, contract, floor)
    return _state(changes.where(F.col(contract.key).isNotNull()), contract)


def _refolded(
    contract: Contract, changes: DataFrame, stored: DataFrame, log: DataFrame, floor: Floor | None
) -> DataFrame:
    """Fold late keys, and all that a key change may have made depend on them, from the whole log."""
    everything = _state(log, contract).unionByName(_state(changes, contract))
    links = cdc.links_of(cdc.buried(everything, contract, floor), contract)
    late = cdc.late_keys(changes, contract, stored, floor)
    whole = late.union(_linked(late, links)).distinct()
    past = stored.join(F.broadcast(_keys(changes, contract)), contract.key, "left_semi")
    past = past.join(F.broadcast(whole), contract.key, "left_anti")
    logged = log.join(F.broadcast(whole), contract.key, "left_semi")
    parts = _state(changes, contract).unionByName(_state(past, contract)).unionByName(_state(logged, contract))
    return cdc.fold(parts, contract, floor, links)


def _linked(like: DataFrame, links: tuple[Link, ...]) -> DataFrame:
    keys = sorted({key for link in links for key in (link.old_key, link.key)})
    return like.sparkSession.createDataFrame([(key,) for key in keys], like.schema)


def _keys(frame: DataFrame, contract: Contract) -> DataFrame:
    return frame.where(F.col(contract.key).isNotNull()).select(contract.key).distinct()


def _state(frame: DataFrame, contract: Contract) -> DataFrame:
    return frame.select(*cdc.state_columns(contract))


def _truncate_row(like: DataFrame, floor: Floor) -> DataFrame:
    """A truncate of the table at the floor, as a one-row envelope frame."""
    made = {
        OP: F.lit(str(Op.TRUNCATE)),
        POSITION: F.lit(floor.position),
        BUSINESS_TIME: F.timestamp_micros(F.lit(floor.micros).cast("bigint")),
        UNSENT: F.array().cast("array<string>"),
    }
    one = like.sparkSession.range(1)
    return one.select(
        *(made.get(field.name, F.lit(None)).cast(field.dataType).alias(field.name) for field in like.schema.fields)
    )


def _with_sessions(contract: Contract, rows: DataFrame, stored: DataFrame | None, sessions: Transform) -> DataFrame:
    """Give the events their sessions, and add the stored events whose session a new, late or deleted event changes.

    What is looked at more than once is kept: the batch, its visitors and their stored events are few, and computing them
    anew for every use would read the whole table each time. By local checkpoints, which go with their frames: Spark 3.5
    does not find a persisted frame again that reads a Delta table with row tracking (it looks for the plan as it was
    before Delta's normalization), so it could never be unpersisted, and each later merge would plan it anew.
    """
    key = contract.key
    live = F.col(OP).isin(str(Op.INSERT), str(Op.UPDATE))
    if stored is None:
        return sessions(rows)
    rows = _kept(rows)
    arrived = rows.where(live)
    touched = F.broadcast(rows.select(key))
    before = stored.where(live)
    left = before.select(key, *_VISITOR).join(touched, key, "left_semi")
    visitors = _kept(arrived.select(*_VISITOR).union(left.select(*_VISITOR)).distinct())
    of_visitors = before.join(F.broadcast(visitors), list(_VISITOR), "left_semi")
    neighbours = _kept(of_visitors.join(touched, key, "left_anti"))
    visits = [F.col(name) for name in (key, *_VISITOR, "occurred_at")]
    named = sessions(arrived.select(*visits).unionByName(neighbours.select(*visits)))
    named = _kept(named.select(key, *SESSION_COLUMNS))
    now = [F.col(f"now.{name}").alias(name) for name in SESSION_COLUMNS]
    same = F.expr("true")
    for name in SESSION_COLUMNS:
        same &= F.col(f"was.{name}").eqNullSafe(F.col(f"now.{name}"))
    moved = neighbours.alias("was").join(named.alias("now"), key).where(~same)
    kept = [F.col(f"was.{name}").alias(name) for name in neighbours.columns if name not in SESSION_COLUMNS]
    # A reload may bring columns that the stored table has not: it touches every event, so that none is moved without them.
    return rows.join(named, key, "left").unionByName(moved.select(*kept, *now), allowMissingColumns=True)


def _kept(frame: DataFrame) -> DataFrame:
    """The frame, computed once, when it is first needed."""
    return frame.localCheckpoint(eager=False)
