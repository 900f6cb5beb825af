"""Folds of the change log: newest wins, unsent columns, key changes, truncates, quarantine; and versions of rows."""

from typing import Any

from change_model import ITEM, Change, at, frame
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_core import cdc

# Each case has keys of its own (its number times ten), so that one job folds them all.
Case = tuple[str, list[Change], dict[int, tuple[Any, ...]]]
CASES: list[Case] = [
    (
        "the newest position wins, not the last row",
        [Change("U", 3, 10, 3, "c"), Change("I", 1, 10, 1, "a"), Change("U", 2, 10, 2, "b")],
        {10: ("U", 3, 3, "c", None, [])},
    ),
    ("a repeated change is one", [Change("I", 1, 20, 1)] * 3, {20: ("I", 1, 1, None, None, [])}),
    (
        "a delete stays as a tombstone",
        [Change("I", 1, 30, 1, "a"), Change("D", 2, 30)],
        {30: ("D", 2, None, None, None, [])},
    ),
    (
        "an insert after a delete brings the row back",
        [Change("D", 2, 40), Change("I", 3, 40, 3), Change("I", 1, 40, 1)],
        {40: ("I", 3, 3, None, None, [])},
    ),
    (
        "an unsent column has the value of the newest change that sent it",
        [
            Change("I", 1, 50, 1, "a", "x"),
            Change("U", 2, 50, 2, "b", "y"),
            Change("U", 3, 50, 3, unsent=("note", "data")),
            Change("U", 4, 50, 4, data="z", unsent=("note",)),
            Change("U", 5, 50, 5, unsent=("data", "note")),
        ],
        {50: ("U", 5, 5, "b", "z", [])},
    ),
    (
        "a NULL that was sent is a value",
        [Change("I", 1, 60, 1, "a"), Change("U", 2, 60, 2), Change("U", 3, 60, 3, unsent=("note",))],
        {60: ("U", 3, 3, None, None, [])},
    ),
    (
        "not across a delete",
        [Change("I", 1, 70, 1, "a"), Change("D", 2, 70), Change("U", 3, 70, 3, unsent=("note",))],
        {70: ("U", 3, 3, None, None, ["note"])},
    ),
    (
        "a column that nobody has sent yet stays unsent",
        [Change("U", 3, 80, 3, data="x", unsent=("note",))],
        {80: ("U", 3, 3, None, "x", ["note"])},
    ),
    (
        "a key change takes unsent columns along",
        [
            Change("I", 1, 90, 1, "a", "x"),
            Change("D", 2, 90),
            Change("I", 2, 91, 2, data="y", unsent=("note",), old_key=90),
        ],
        {90: ("D", 2, None, None, None, []), 91: ("I", 2, 2, "a", "y", [])},
    ),
    (
        "chains of key changes, back to the first key and on",
        [
            Change("I", 1, 100, 1, "a", "x"),
            *(Change("D", 2, 100), Change("I", 2, 101, 2, unsent=("note", "data"), old_key=100)),
            *(Change("D", 3, 101), Change("I", 3, 102, 3, data="y", unsent=("note",), old_key=101)),
            *(Change("D", 4, 102), Change("I", 4, 100, 4, unsent=("note", "data"), old_key=102)),
            Change("I", 5, 101, 5, "new", "new"),
            Change("U", 6, 100, 6, unsent=("note", "data")),
        ],
        {
            100: ("U", 6, 6, "a", "y", []),
            101: ("I", 5, 5, "new", "new", []),
            102: ("D", 4, None, None, None, []),
        },
    ),
    (
        "a key change does not see what came to the old key later, nor the new key's earlier life",
        [
            *(Change("I", 1, 111, 1, "other"), Change("D", 2, 111)),
            Change("I", 3, 110, 3, "a"),
            *(Change("D", 4, 110), Change("I", 4, 111, 4, unsent=("note",), old_key=110)),
            Change("I", 5, 110, 5, "later"),
        ],
        {110: ("I", 5, 5, "later", None, []), 111: ("I", 4, 4, "a", None, [])},
    ),
    (
        "a quarantined change hides the row until a whole one comes",
        [Change("I", 1, 120, 1, "a"), Change("Q", 2, 120)],
        {120: ("Q", 2, None, None, None, [])},
    ),
    (
        "what would inherit from a quarantined change is in doubt itself",
        [Change("I", 1, 130, 1, "a", "x"), Change("Q", 2, 130), Change("U", 3, 130, 3, "b", unsent=("data",))],
        {130: ("Q", 3, None, None, None, [])},
    ),
    (
        "what does not is not",
        [Change("I", 1, 140, 1, "a", "x"), Change("Q", 2, 140), Change("U", 3, 140, 3, "b", "y")],
        {140: ("U", 3, 3, "b", "y", [])},
    ),
]


def seen(rows: DataFrame) -> dict[int, tuple[Any, ...]]:
    """Key -> (op, sequence, count, note, data, unsent)."""
    numbers = {at(sequence): sequence for sequence in range(1000)}
    return {
        row.id: (row._op, numbers[row._position], row["count"], row.note, row.data, sorted(row._unsent))
        for row in rows.collect()
    }


def test_fold_cases(spark: SparkSession) -> None:
    """Each case folds to its state, whatever stands around it."""
    changes = [change for _, case, _ in CASES for change in case]
    state = cdc.fold(frame(spark, changes[::-1]), ITEM)
    assert tuple(state.columns) == cdc.state_columns(ITEM)
    found = seen(state)
    for name, case, expected in CASES:
        keys = {change.id for change in case}
        assert (name, {key: row for key, row in found.items() if key in keys}) == (name, expected)


def test_fold_under_a_floor(spark: SparkSession) -> None:
    """What lies below a truncate is a tombstone at the truncate; unsent columns do not see through it."""
    changes = [
        *(Change("I", 1, 1, 1, "a"), Change("U", 9, 1, 9, unsent=("note",))),
        *(Change("I", 2, 2, 2, "b"), Change("Q", 3, 3), Change("D", 4, 4)),
        *(Change("I", 5, 5, 5), Change("I", 7, 5, 7)),
        *(Change("I", 3, 6, 1, "c"), Change("D", 8, 6), Change("I", 8, 7, 8, unsent=("note",), old_key=6)),
    ]
    floor = cdc.Floor(at(6), 6_000_000)
    rows = cdc.fold(frame(spark, changes), ITEM, floor)
    gone = ("D", 6, None, None, None, [])
    assert seen(rows) == {
        1: ("U", 9, 9, None, None, ["note"]),
        **dict.fromkeys((2, 3, 4), gone),
        5: ("I", 7, 7, None, None, []),
        6: ("D", 8, None, None, None, []),
        7: ("I", 8, 8, None, None, ["note"]),
    }
    times = {
        row.id: row.seconds for row in rows.select("id", F.unix_seconds("_business_time").alias("seconds")).collect()
    }
    assert (times[2], times[1]) == (6, 9)


def test_versions(spark: SparkSession) -> None:
    """One row per change with its columns whole; truncates end what lives; business time never runs back in a key."""
    log = [
        Change("I", 1, 1, 1, "a"),
        Change("U", 5, 1, 5, unsent=("note",)),
        Change("U", 5, 1, 5, unsent=("note",)),
        Change("T", 10),
        Change("T", 12),
        Change("I", 14, 1, 14, "b"),
        *(Change("I", 2, 2, 2, "c"), Change("D", 3, 2)),
        *(Change("I", 11, 3, 11, "d"), Change("Q", 13, 3)),
        *(Change("I", 15, 4, 15, "e"), Change("D", 16, 4), Change("I", 16, 5, 16, unsent=("note",), old_key=4)),
    ]
    early = F.when((F.col("id") == 1) & (F.col("count") == 14), F.timestamp_seconds(F.lit(2)))
    clocked = frame(spark, log).withColumn("_business_time", F.coalesce(early, "_business_time"))
    rows = cdc.versions(clocked, ITEM)
    assert tuple(rows.columns) == cdc.state_columns(ITEM)
    numbers = {at(sequence): sequence for sequence in range(100)}
    found = [
        (row.id, numbers[row._position], row._op, row["count"], row.note, row.seconds)
        for row in rows.withColumn("seconds", F.unix_seconds("_business_time")).orderBy("id", "_position").collect()
    ]
    assert found == [
        (1, 1, "I", 1, "a", 1),
        (1, 5, "U", 5, "a", 5),
        (1, 10, "D", None, None, 10),
        (1, 14, "I", 14, "b", 12),  # its own clock said 2
        (2, 2, "I", 2, "c", 2),
        (2, 3, "D", None, None, 3),
        (3, 11, "I", 11, "d", 11),
        (3, 12, "D", None, None, 12),
        (3, 13, "Q", None, None, 13),
        (4, 15, "I", 15, "e", 15),
        (4, 16, "D", None, None, 16),
        (5, 16, "I", 16, "e", 16),
    ]


def accounted(batch: DataFrame, stored: DataFrame, floor: cdc.Floor | None) -> cdc.Account:
    """Both parts of a batch's account."""
    newest, micros = batch.agg(*cdc.truncates()).collect()[0]
    (row,) = cdc.account(batch, ITEM, stored, floor).collect()
    return cdc.Account(**row.asDict(), truncate=newest, truncate_micros=micros)


def test_the_account_of_a_load(spark: SparkSession) -> None:
    """The short way for a load says what the long way says, and declines whatever is no load."""
    load = [*(Change("I", 5, key, key) for key in (1, 2, 3)), Change("Q", 5, 4), Change("U", 5, 6, 1, unsent=("note",))]
    rows = frame(spark, load)
    (row,) = cdc.account(rows, ITEM, None, cdc.Floor(at(5))).collect()
    expected = cdc.Account(**row.asDict(), truncate=None, truncate_micros=None)
    assert cdc.account_of_load(rows, ITEM, cdc.Floor(at(5))) == expected
    assert (expected.upserts, expected.superseded) == (4, 0)
    for other in (Change("I", 5, 3, 3), Change("I", 6, 7, 7)):
        assert cdc.account_of_load(frame(spark, [*load, other]), ITEM, None) is None
    assert cdc.account_of_load(rows, ITEM, cdc.Floor(at(6))) is None


def test_account(spark: SparkSession) -> None:
    """One row says what became of each change, and how the batch must be merged."""
    stored = cdc.fold(
        frame(spark, [Change("I", 10, key, key) for key in (1, 2, 3)] + [Change("Q", 10, 4), Change("D", 10, 5)]), ITEM
    )
    batch = [
        *(Change("U", 11, 1, 1), Change("U", 12, 1, 2)),  # superseded, upsert
        Change("D", 11, 2),  # delete
        *(Change("U", 9, 3, 1), Change("U", 10, 3, 3)),  # late, repeated: both superseded
        Change("U", 11, 4, 1, unsent=("note",)),  # upsert after quarantine
        *(Change("D", 13, 6), Change("I", 13, 7, 1, unsent=("note",), old_key=6)),  # key change of an unknown row
        Change("Q", 14, 8),
    ]
    assert accounted(frame(spark, batch), stored, None) == cdc.Account(
        upserts=3,
        deletes=2,
        superseded=3,
        repeated=2,
        unsent=2,
        inheriting=1,
        late=1,
        doubtful=1,
        buried=0,
        truncate=None,
        truncate_micros=None,
        first_position=at(9),
        first_micros=9_000_000,
    )
    assert {row.id for row in cdc.late_keys(frame(spark, batch), ITEM, stored, None).collect()} == {3, 4}
    facts = accounted(frame(spark, [*batch, Change("T", 12)]), stored, cdc.Floor(at(12)))
    assert (facts.truncate, facts.truncate_micros, facts.buried, facts.late) == (at(12), 12_000_000, 5, 0)
    assert (facts.upserts, facts.deletes, facts.superseded) == (2, 1, 5)
