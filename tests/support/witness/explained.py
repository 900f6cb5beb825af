"""The differences between real Debezium's events and ours that we know, and why each is there.

A difference that nothing here covers fails the witness test, and so does an entry that covers nothing any more.
"""

from collections.abc import Callable
from dataclasses import dataclass

from witness.compare import ABSENT, Difference
from witness.values import AS_TEXT, NOT_SENT, UNAVAILABLE, base_type, from_capture, from_json, from_text

_STAMPS = ("ts_ms", "ts_us", "ts_ns")


@dataclass(frozen=True)
class Explained:
    """What stands in a field on either side, why, and a check that a difference is just that and nothing more."""

    field: str
    debezium: str
    ours: str
    why: str
    covers: Callable[[Difference], bool]


def _source(each: Difference, *names: str) -> bool:
    return each.path[:2] == ("value", "source") and each.path[2] in names


def _snapshot(each: Difference, *names: str) -> bool:
    return each.op == "r" and _source(each, *names)


def _clock(each: Difference) -> bool:
    if each.events is None or each.path[:1] != ("value",) or each.path[1] not in _STAMPS:
        return False
    theirs, own = (event.value["source"][each.path[1]] for event in each.events)
    return bool(each.ours == own and each.debezium >= theirs)


def _invented(each: Difference) -> bool:
    """A value in the before of a deleted row that PostgreSQL did not send."""
    table = each.table
    return (
        table is not None
        and not table.full_identity
        and each.op == "d"
        and each.path[1] == "before"
        and each.column in table.required - set(table.key)
        and each.ours is None
        and each.debezium is not None
    )


def _whole_before(each: Difference) -> bool:
    if each.table is None or not each.table.full_identity or each.path[:2] != ("value", "before"):
        return False
    if each.op == "d":
        return each.ours is None and each.column not in each.table.key
    return each.op == "u" and (each.ours == ABSENT if each.column else each.ours is None)


def _after(each: Difference) -> str:
    """The type of the column whose new value it is; empty if it is no such value."""
    return each.table.types[each.column] if each.table and each.column and each.path[1] == "after" else ""


def _as_text(each: Difference) -> bool:
    """PostgreSQL's text on our side, and the same value on Debezium's."""
    pg_type = _after(each)
    if base_type(pg_type) not in AS_TEXT or each.ours == UNAVAILABLE:
        return False
    return bool(from_json(pg_type, each.debezium) == from_text(pg_type, each.ours))


def _not_sent(each: Difference) -> bool:
    return each.ours == UNAVAILABLE and from_json(_after(each), each.debezium) is NOT_SENT


def _far_time(each: Difference) -> bool:
    """PostgreSQL's text of a time that has no four-digit year, and the same time on Debezium's side."""
    pg_type = _after(each)
    if base_type(pg_type) not in {"timestamp", "timestamptz"} or not isinstance(each.ours, str):
        return False
    return bool(from_json(pg_type, each.debezium) == from_capture(pg_type, each.ours))


def _far_date(each: Difference) -> bool:
    """PostgreSQL's text, and on Debezium's side its days, or the number that it has for lack of them."""
    if _after(each) != "date" or not isinstance(each.ours, str):
        return False
    if "infinity" in each.ours:
        return isinstance(each.debezium, int)
    text = each.ours.removesuffix(" BC") if each.op == "r" else each.ours
    return bool(each.debezium == from_text("date", text))


EXPLAINED = (
    Explained(
        "topic",
        "letters that Kafka does not take in a topic's name are underscores",
        "the table's name as it is",
        "two tables whose names differ in such a letter would share a topic; `source.table` is the same on both sides",
        lambda each: each.path == ("topic",) and each.table is not None,
    ),
    Explained(
        "topic `<prefix>.transaction`",
        "BEGIN and END of each transaction, with counts",
        "none",
        "the manifests say which transactions are complete, and count their changes",
        lambda each: each.path == ("topic",) and each.debezium == "lakehouse.transaction" and each.ours == ABSENT,
    ),
    Explained(
        "topic `<prefix>.message`",
        "logical messages (`pg_logical_emit_message`), op m",
        "none",
        "a message changes no row; the two that mean something to the lakehouse (its clock and its marker) are used",
        lambda each: each.path == ("topic",) and each.debezium == "lakehouse.message" and each.ours == ABSENT,
    ),
    Explained(
        "headers `__debezium.context.*`",
        "which connector, task and run made the event",
        "none",
        "a run's random id would make equal changes unequal bytes",
        lambda each: (
            each.path[0] == "headers" and each.path[1].startswith("__debezium.context.") and each.ours == ABSENT
        ),
    ),
    Explained(
        "header `__debezium.newkey` of a tombstone",
        "on the tombstone as well as on its d",
        "on the d alone",
        "a tombstone is for Kafka's compaction; readers of files pass over it",
        lambda each: (
            each.op == "tombstone" and each.path[:2] == ("headers", "__debezium.newkey") and each.ours == ABSENT
        ),
    ),
    Explained(
        "headers `lakehouse.*`",
        "none",
        "where the commit is, the change's number, the business time",
        "Debezium's own fields do not say where the commit of a change is, so they cannot order changes of several keys",
        lambda each: each.path[0] == "headers" and each.path[1].startswith("lakehouse.") and each.debezium == ABSENT,
    ),
    Explained(
        "`source.version`",
        "Debezium's version",
        "`lakehouse`",
        "we are not Debezium",
        lambda each: _source(each, "version") and each.ours == "lakehouse",
    ),
    Explained(
        "`source.origin`, `source.origin_lsn`",
        "null, unless the change was itself replicated into the source",
        "no such fields",
        "they came with newer versions of Debezium; nothing reads them",
        lambda each: _source(each, "origin", "origin_lsn") and each.debezium is None and each.ours == ABSENT,
    ),
    Explained(
        "`ts_ms`, `ts_us`, `ts_ns` of the event",
        "when the connector made the event",
        "the commit's time, as in `source`",
        "the machine's clock would make equal changes unequal bytes",
        _clock,
    ),
    Explained(
        "`source.ts_*`, `source.lsn`, `source.sequence` of an r",
        "its own snapshot: when it was taken, and where the WAL was",
        "our snapshot: its clock, and its consistent point",
        "each side has a slot and a snapshot of its own",
        lambda each: _snapshot(each, *_STAMPS, "lsn", "sequence") and type(each.debezium) is type(each.ours),
    ),
    Explained(
        "`source.txId` of an r",
        "the number of the snapshot's own transaction",
        "null",
        "the row was not written by that transaction",
        lambda each: _snapshot(each, "txId") and isinstance(each.debezium, int) and each.ours is None,
    ),
    Explained(
        "`before` of a d, columns that are NOT NULL",
        "the column's default, or 0, empty, 1970: not what stood there",
        "null",
        "PostgreSQL sends only the key; an invented value must not be taken for data",
        _invented,
    ),
    Explained(
        "`before` under REPLICA IDENTITY FULL",
        "the whole row, of a u too",
        "the key of a d; nothing of a u",
        "the lakehouse keeps every version, so the row before is there already",
        _whole_before,
    ),
    Explained(
        "time, interval, bytea, arrays, money, bit",
        "microseconds (an interval's months by their mean), base64, JSON arrays, a plain number",
        "PostgreSQL's own text",
        "no contract has them; the text loses nothing (an interval in microseconds does)",
        _as_text,
    ),
    Explained(
        "a value that was not sent, in bytea and arrays",
        "the placeholder in the type's own form: its base64, an array of it, of integers an array of its letters' codes",
        "`__debezium_unavailable_value`",
        "one word for all types, which no value can be (see below)",
        _not_sent,
    ),
    Explained(
        "a text that is `__debezium_unavailable_value`",
        "as it is: it cannot be told from a value that was not sent",
        "a backslash in front",
        "nothing may be taken for what it is not",
        lambda each: each.debezium == UNAVAILABLE and each.ours == "\\" + UNAVAILABLE,
    ),
    Explained(
        "numeric NaN",
        "`NAN`",
        "`NaN`",
        "PostgreSQL's own text, as for every other number",
        lambda each: base_type(_after(each)) == "numeric" and (each.debezium, each.ours) == ("NAN", "NaN"),
    ),
    Explained(
        "timestamps outside of the years 1 to 9999, and without end",
        "microseconds, the driver's largest and smallest number; ISO 8601 with years such as -0043 and +12024",
        "PostgreSQL's own text: `infinity`, `0044-03-15 12:00:00 BC`",
        "the same moments; a number that stands for infinity must be known to be read",
        _far_time,
    ),
    Explained(
        "dates outside of the years 1 to 9999, and without end",
        "days; of a loaded row of 44 BC those of 44 AD, and for infinity one number in a load and another in a change",
        "PostgreSQL's own text: `infinity`, `0044-03-15 BC`",
        "Debezium's numbers lose the value",
        _far_date,
    ),
)


def explanation(each: Difference) -> Explained | None:
    """The one entry that covers a difference; None if none does.

    Raises:
        AssertionError: several do, so that the list does not say which it is.
    """
    found = [entry for entry in EXPLAINED if entry.covers(each)]
    assert len(found) <= 1, f"{each} is covered by {[entry.field for entry in found]}"
    return found[0] if found else None


def page() -> str:
    """The list as docs/reference/debezium-differences.md."""
    lines = [
        "# Our change events beside real Debezium's",
        "",
        "`lakehouse replicate --wire debezium` writes the events of Debezium's PostgreSQL connector. In the tests real",
        "Debezium 3.6.3 reads the same WAL through a slot of its own, and every field of every event is compared. These",
        "are all the differences; every other field is the same, `lsn`, `sequence` and `transaction` included. Settings:",
        "`plugin.name=pgoutput`, `decimal.handling.mode=string`, `time.precision.mode=adaptive_time_microseconds`,",
        "`skipped.operations=none`, `tombstones.on.delete=true`, `provide.transaction.metadata=true`, no schemas.",
        "",
        "This page is written from the list in `tests/support/witness/explained.py`, which the test holds true: a new",
        "difference fails it, and so does one that is gone.",
        "",
        "| Field | Debezium | Lakehouse | Why |",
        "|---|---|---|---|",
        *(f"| {each.field} | {each.debezium} | {each.ours} | {each.why} |" for each in EXPLAINED),
    ]
    return "\n".join(lines) + "\n"
